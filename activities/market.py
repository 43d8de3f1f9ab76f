"""Looking at the market once for a whole cycle."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog
from temporalio import activity

from trading.errors import UnknownSymbol
from trading.fundamentals import earnings_at
from trading.market import Dropped, Snapshot, SnapshotSummary
from trading.ports import Calendar, EarningsCalendar, Market, Snapshots
from trading.snapshots import assemble, last_completed
from trading.steps import SnapshotAsked

# A year of sessions and a little more: the 252 that the 52-week high needs, and warm-up for the 200-day averages.
SESSIONS = 300
# In session a quote must be as fresh as the rules say; outside it the last close may be a long week-end old.
MAX_AGE_CLOSED = timedelta(days=5)


log = structlog.get_logger()


class MarketActivities:
    """Snapshots of one market; in session a price older than `max_age` is not trusted.

    The days of reports that `earnings` has go before the market's own.
    """

    def __init__(
        self,
        market: Market,
        calendar: Calendar,
        snapshots: Snapshots,
        max_age: timedelta,
        earnings: EarningsCalendar | None = None,
    ) -> None:
        self._earnings = earnings
        self._market = market
        self._calendar = calendar
        self._snapshots = snapshots
        self._max_age = max_age

    @activity.defn
    async def take_snapshot(self, asked: SnapshotAsked) -> SnapshotSummary:
        """Look at every symbol at once, drop what cannot be trusted, store the rest.

        Repeat: the same moment gives the same snapshot under the same hash; a later look of a live market is stored
        beside it.
        """
        stage = asked.stage
        snapshot = self._with_reports(await self._look(asked))
        if snapshot.fallback:
            log.warning("market fell back", provider=snapshot.provider, reason=snapshot.fallback)
            meter = activity.metric_meter().with_additional_attributes({"provider": snapshot.provider})
            meter.create_counter("market_fallbacks", "Snapshots that were not what was wished for").add(1)
        await self._snapshots.keep(stage.cycle.desk_id, snapshot)
        return SnapshotSummary.of(snapshot)

    async def _look(self, asked: SnapshotAsked) -> Snapshot:
        """Look without those that the market has ceased to know, if need be.

        What was asked for has passed the gate; what is held is looked at too, and a company that is listed no longer
        costs its own symbol and not every cycle from then on.
        """
        stage = asked.stage
        max_age = self._max_age if stage.in_session else MAX_AGE_CLOSED
        sight = look_back if asked.history else look
        seeing = partial(sight, self._market, self._calendar, as_of=stage.as_of, max_age=max_age)
        try:
            return await seeing(asked.symbols)
        except UnknownSymbol:
            held = [symbol for symbol in asked.symbols if symbol not in stage.cycle.request.symbols]
            gone = [symbol for symbol in held if not await self._knows(symbol)]
            if not gone:
                raise
        snapshot = await seeing([symbol for symbol in asked.symbols if symbol not in gone])
        unknown = (Dropped(symbol=symbol, code="missing", reason="the market does not know it") for symbol in gone)
        dropped = sorted((*snapshot.dropped, *unknown), key=lambda one: one.symbol)
        return snapshot.model_copy(update={"dropped": tuple(dropped)})

    def _with_reports(self, snapshot: Snapshot) -> Snapshot:
        if self._earnings is None:
            return snapshot
        symbols = []
        for facts in snapshot.symbols:
            own = earnings_at(self._earnings.days(facts.instrument.symbol), snapshot.as_of)
            symbols.append(facts if own is None else facts.model_copy(update={"earnings_on": own}))
        return snapshot.model_copy(update={"symbols": tuple(symbols)})

    async def _knows(self, symbol: str) -> bool:
        try:
            await self._market.instruments([symbol])
        except UnknownSymbol:
            return False
        return True


async def look(
    market: Market, calendar: Calendar, symbols: Sequence[str], as_of: datetime, *, max_age: timedelta
) -> Snapshot:
    """Read a market as of a moment. Raises UnknownSymbol for a symbol that it does not have."""
    reading = await market.look(symbols, as_of, SESSIONS)
    completed = last_completed(calendar, as_of)
    return assemble(reading, symbols, completed_on=completed.session_on, max_quote_age=max_age)


async def look_back(
    market: Market, calendar: Calendar, symbols: Sequence[str], as_of: datetime, *, max_age: timedelta
) -> Snapshot:
    """As `look`, with the bars that a rule computes on."""
    reading = await market.look(symbols, as_of, SESSIONS)
    completed = last_completed(calendar, as_of)
    return assemble(reading, symbols, completed_on=completed.session_on, max_quote_age=max_age, history=True)
