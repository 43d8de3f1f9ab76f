"""A rule asked of the panel's own columns: what it sees is what it would see of a snapshot that keeps a year of bars.

Such a snapshot is a megabyte for twenty symbols. Live it lies in a database between two workers; here the bars are at
hand, the same to the last bit.
"""

from __future__ import annotations

from activities.rules import RuleActivities
from backtest.cycles.market import PanelMarket
from trading.histories import HISTORY_SESSIONS
from trading.ports import Snapshots
from trading.rules.view import Seen, View
from trading.steps import RuleAsked, RuleHeard


class DirectRules:
    """Rules asked in this process, in a thread of their own as ever."""

    def __init__(self, rules: RuleActivities, snapshots: Snapshots, market: PanelMarket) -> None:
        self._rules = rules
        self._snapshots = snapshots
        self._market = market

    async def apply_rule(self, asked: RuleAsked) -> RuleHeard:
        """Let the rule look. Raises BadRule as `RuleActivities.apply_rule` does."""
        return await self._rules.ask(asked, await self.view(asked))

    async def view(self, asked: RuleAsked) -> View:
        """What the rule sees."""
        snapshot, watched = await self._snapshots.load(asked.snapshot_id), asked.cycle.request.symbols
        wanted = {*watched, *(one.symbol for one in asked.books.positions)}
        facts = {one.instrument.symbol: one for one in snapshot.symbols if one.instrument.symbol in wanted}
        bars = await self._market.bars(tuple(facts), snapshot.as_of, HISTORY_SESSIONS)
        seen = {
            symbol: Seen(of.instrument, of.quote, of.indicators, of.average_volume_20, bars[symbol])
            for symbol, of in facts.items()
        }
        return View.of_seen(snapshot.as_of, seen, watched, asked.books)
