"""Whether a cycle may go on: the calendar, the market's newest moment, the trading state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from temporalio import activity

from trading.breaker import TradingState
from trading.limits import Limits
from trading.money import Record
from trading.orders import Style
from trading.portfolio import Portfolio
from trading.ports import Calendar, Ledger, Market
from trading.sessions import is_open
from trading.steps import HALTED, Cycle, CycleRequest, Opening, Skip
from trading.strategy import Strategy, first_strategy


class GateRules(Record):
    """What the gate holds a cycle to; `shadow`: a halted desk's cycles go on in shadow, else they are skipped."""

    limits: Limits = Limits()
    style: Style = Style()
    max_data_age: timedelta = timedelta(seconds=60)
    shadow: bool = False


class Gate:
    """The first step of every cycle."""

    def __init__(self, market: Market, calendar: Calendar, ledger: Ledger, rules: GateRules) -> None:
        self._market = market
        self._calendar = calendar
        self._ledger = ledger
        self._rules = rules

    @activity.defn
    async def open_cycle(self, cycle: Cycle) -> Opening:
        """Fix the moment the cycle reasons about and say whether it may go on.

        Raises UnknownSymbol for a symbol that the market does not have.

        Repeat: reads only; a later answer may differ, but only the recorded one counts.
        """
        now = datetime.now(UTC)
        latest = await self._market.latest(now)
        as_of = cycle.request.as_of or latest
        portfolio = await self._ledger.portfolio(cycle.desk_id)
        await self._market.instruments(cycle.request.symbols)
        strategy = await self._ledger.strategy(cycle.desk_id, cycle.request.strategy_id)
        shadows = await self._ledger.shadow_trades(cycle.desk_id)
        session = self._calendar.last_session(as_of)
        in_session = is_open(session, as_of)
        opening = Opening(
            as_of=as_of,
            market=self._market.name,
            synthetic=self._market.synthetic,
            in_session=in_session,
            limits=self._rules.limits,
            trading_state=portfolio.trading_state,
            style=self._rules.style,
            closes_at=session.closes_at if in_session and self._is_live(cycle.request) else None,
            held=tuple(p.symbol for p in portfolio.positions if p.quantity),
            shadow=self._rules.shadow,
            shadowed=tuple(sorted({one.symbol for one in shadows})),
            strategy=strategy or first_strategy(),
        )
        skip = _unknown(cycle.request, strategy) or _before_the_books(portfolio, as_of)
        skip = skip or self._refusal(cycle.request, opening, now, latest)
        return opening.model_copy(update={"skip": skip})

    def _is_live(self, request: CycleRequest) -> bool:
        return not self._market.historical and request.as_of is None

    def _refusal(self, request: CycleRequest, opening: Opening, now: datetime, latest: datetime) -> Skip | None:
        if opening.trading_state is TradingState.HALTED and not opening.shadow:
            return Skip(code=HALTED, reason="the desk is HALTED: resume it first")
        if opening.as_of > latest:
            reason = f"{opening.market} knows nothing after {latest.isoformat()}"
            return Skip(code="future", reason=f"as of {opening.as_of.isoformat()}: {reason}")
        if not (opening.in_session or request.anytime):
            reason = f"the exchange is closed at {opening.as_of.isoformat()}; on paper, --anytime runs all the same"
            return Skip(code="market_closed", reason=reason)
        age = now - latest
        if age > self._rules.max_data_age and not self._market.historical and request.as_of is None:
            return Skip(code="stale_data", reason=f"the newest price of {opening.market} is {age} old")
        return None


def _unknown(request: CycleRequest, strategy: Strategy | None) -> Skip | None:
    if strategy is not None:
        return None
    return Skip(code="unknown_strategy", reason=f"the desk has no strategy {request.strategy_id}")


def _before_the_books(portfolio: Portfolio, as_of: datetime) -> Skip | None:
    """Books cannot be led backwards: shares bought later would be sold at prices of before."""
    marked_at = portfolio.marked_at
    if marked_at is None or as_of >= marked_at:
        return None
    reason = f"the books have been marked at {marked_at.isoformat()}, after {as_of.isoformat()}; use a desk of its own"
    return Skip(code="before_the_books", reason=f"{reason} (DESK_ID or DESK_HOME)")
