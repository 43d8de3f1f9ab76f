"""Looking at the market once for a whole cycle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from temporalio import activity

from trading.market import Snapshot, SnapshotSummary
from trading.ports import Calendar, Market, Snapshots
from trading.snapshots import Reading, assemble, last_completed
from trading.steps import SnapshotAsked

# A year of sessions and a little more: the 252 that the 52-week high needs, and warm-up for the 200-day averages.
SESSIONS = 300
# In session a quote must be fresh; outside it the last close may be a long week-end old.
MAX_AGE_IN_SESSION = timedelta(seconds=60)
MAX_AGE_CLOSED = timedelta(days=5)


class MarketActivities:
    """Snapshots of one market."""

    def __init__(self, market: Market, calendar: Calendar, snapshots: Snapshots) -> None:
        self._market = market
        self._calendar = calendar
        self._snapshots = snapshots

    @activity.defn
    async def take_snapshot(self, asked: SnapshotAsked) -> SnapshotSummary:
        """Look at every symbol at once, drop what cannot be trusted, store the rest.

        Repeat: the same moment gives the same snapshot under the same hash; a later look of a live market is stored beside it.
        """
        snapshot = await self.look(asked)
        await self._snapshots.keep(asked.stage.cycle.desk_id, snapshot)
        return SnapshotSummary.of(snapshot)

    async def look(self, asked: SnapshotAsked) -> Snapshot:
        """Read the market as of the stage's moment."""
        as_of = asked.stage.as_of
        reading = Reading(
            provider=self._market.name,
            adjustment=self._market.adjustment,
            synthetic=self._market.synthetic,
            as_of=as_of,
            taken_at=datetime.now(UTC),
            instruments=await self._market.instruments(asked.symbols),
            bars=await self._market.bars(asked.symbols, as_of, SESSIONS),
            quotes=await self._market.quotes(asked.symbols, as_of),
        )
        max_age = MAX_AGE_IN_SESSION if asked.stage.in_session else MAX_AGE_CLOSED
        completed = last_completed(self._calendar, as_of)
        return assemble(reading, asked.symbols, completed_on=completed.session_on, max_quote_age=max_age)
