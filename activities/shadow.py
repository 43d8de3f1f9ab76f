"""What a halted desk would have done: its decisions kept as shadow trades, and those scored by the prices since."""

from __future__ import annotations

from datetime import date

from temporalio import activity

from activities.sights import Sights
from trading.costs import Costs
from trading.ports import Calendar, Ledger, Market
from trading.shadow import ShadowDecision, ShadowTrade, drafted
from trading.shadow_scoring import ShadowLook
from trading.steps import ScoringAsked


class ShadowActivities:
    """Nothing here knows a broker: what is decided in shadow has no way to one."""

    def __init__(self, ledger: Ledger, market: Market, calendar: Calendar, costs: Costs) -> None:
        self._ledger = ledger
        self._sights = Sights(market, calendar)
        self._calendar = calendar
        self._costs = costs

    @activity.defn
    async def decide_in_shadow(self, decided: ShadowDecision) -> tuple[ShadowTrade, ...]:
        """Keep a decision of a shadow cycle as what it would have done.

        Repeat: what the decision left in the books is the answer.
        """
        draft = drafted(decided, self._calendar.last_session(decided.as_of), self._costs)
        return await self._ledger.decide_in_shadow(
            draft, self._costs, decided.trace_id, only_thinks=decided.only_thinks
        )

    @activity.defn
    async def score_shadow(self, asked: ScoringAsked) -> tuple[ShadowTrade, ...]:
        """Score a desk's open shadow trades by every price since the last look; those that are still open then.

        Repeat: the same prices change nothing a second time, and a trade ends once.
        """
        trades = await self._ledger.shadow_trades(asked.desk_id)
        if not trades:
            return ()
        oldest: dict[str, date] = {}
        for trade in trades:
            oldest[trade.symbol] = min(trade.seen_on, oldest.get(trade.symbol, trade.seen_on))
        seen = await self._sights.see(oldest, asked.as_of)
        known = asked.model_dump(include={"desk_id", "as_of", "trace_id", "real_money"})
        look = ShadowLook(seen=seen, **known)
        return await self._ledger.score_shadow(look, self._costs)
