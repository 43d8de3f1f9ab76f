"""Whether a cycle may go on: the calendar, the market's newest moment, the trading state."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from temporalio import activity

from activities import clock
from trading.approvals import ApprovalTerms
from trading.breaker import TradingState, strictest
from trading.footing import ONLY_THINKS, Footing
from trading.limits import Limits
from trading.memory_ports import Memory
from trading.money import Record
from trading.orders import Style
from trading.portfolio import Portfolio
from trading.ports import Calendar, Ledger, Market
from trading.sessions import is_open
from trading.steps import HALTED, Cycle, CycleRequest, Opening, Skip
from trading.strategy import first_strategy


class GateRules(Record):
    """What the gate holds a cycle to.

    `shadow`: a halted desk's cycles go on in shadow, else they are skipped. `real_money`: the account is no paper, and
    only a strategy that was promoted to it sends anything. `approval`: when a person is asked of an entry,
    for strategies without terms of their own. `remembers`: decisions are kept; `denies`: setups of the agents that have
    failed too often are denied, of strategies that say nothing of it themselves.
    """

    limits: Limits = Limits()
    style: Style = Style()
    max_data_age: timedelta = timedelta(seconds=60)
    shadow: bool = False
    real_money: bool = False
    approval: ApprovalTerms = ApprovalTerms()
    remembers: bool = False
    denies: bool = True


class Gate:
    """The first step of every cycle."""

    def __init__(
        self, market: Market, calendar: Calendar, ledger: Ledger, rules: GateRules, memory: Memory | None = None
    ) -> None:
        self._market = market
        self._calendar = calendar
        self._ledger = ledger
        self._rules = rules
        self._memory = memory

    @activity.defn
    async def open_cycle(self, cycle: Cycle) -> Opening:
        """Fix the moment the cycle reasons about and say whether it may go on.

        Raises UnknownSymbol for a symbol that the market does not have.

        Repeat: reads only; a later answer may differ, but only the recorded one counts.
        """
        # The books first: another strategy's cycle may mark them while the market is asked, at a later moment.
        portfolio = await self._ledger.portfolio(cycle.desk_id)
        now = clock.now()
        latest = await self._market.latest(now)
        as_of = cycle.request.as_of or latest
        await self._market.instruments(cycle.request.symbols)
        name = cycle.request.strategy_id
        footing = await self._ledger.footing(cycle.desk_id, name)
        shadows = [one for one in await self._ledger.shadow_trades(cycle.desk_id) if one.strategy_id == name]
        session = self._calendar.last_session(as_of)
        in_session = is_open(session, as_of)
        opening = Opening(
            as_of=as_of,
            market=self._market.name,
            synthetic=self._market.synthetic,
            in_session=in_session,
            limits=self._rules.limits,
            style=self._rules.style,
            closes_at=session.closes_at if in_session and self._is_live(cycle.request) else None,
            shadow=self._rules.shadow,
            shadowed=tuple(sorted({one.symbol for one in shadows})),
            real_money=self._rules.real_money,
            **await self._memories(cycle.desk_id, footing),
            **_standing(footing, portfolio, real_money=self._rules.real_money),
            approval=self._rules.approval.with_own(footing.strategy.approval if footing.strategy else None),
        )
        skip = _stopped(footing, opening) or _before_the_books(portfolio, as_of) or _halted(portfolio, opening)
        skip = skip or self._refusal(cycle.request, opening, now, latest)
        return opening.model_copy(update={"skip": skip})

    async def _memories(self, desk_id: str, footing: Footing) -> dict[str, Any]:
        """Whether the cycle is remembered, heeds what was, and has anything to resolve."""
        strategy = footing.strategy or first_strategy()
        if not self._rules.remembers or self._memory is None:
            return {}
        heeds = strategy.asks_agents and self._rules.denies if strategy.heeds_memory is None else strategy.heeds_memory
        return {"remembers": True, "heeds": heeds, "pending": bool(await self._memory.pending(desk_id, most=1))}

    def _is_live(self, request: CycleRequest) -> bool:
        return not self._market.historical and request.as_of is None

    def _refusal(self, request: CycleRequest, opening: Opening, now: datetime, latest: datetime) -> Skip | None:
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


def _standing(footing: Footing, portfolio: Portfolio, *, real_money: bool) -> dict[str, Any]:
    """How far a strategy may go, and what it holds.

    One that may not trade here (any more) closes what it holds first, and only thinks from then on.
    """
    holds, barred = footing.holds(portfolio), footing.barred(real_money=real_money)
    disabled = footing.strategy is not None and not footing.strategy.enabled
    state = footing.giver(real_money=real_money).state
    return {
        "strategy": footing.strategy or first_strategy(),
        "trading_state": strictest(portfolio.trading_state, state),
        "held": tuple(p.symbol for p in portfolio.positions if p.quantity),
        "holds": holds,
        "only_thinks": barred == ONLY_THINKS and not holds,
        "reduces": disabled or bool(barred and holds),
    }


def _stopped(footing: Footing, opening: Opening) -> Skip | None:
    """A strategy that is not there, or has nothing left to do."""
    if footing.strategy is None:
        return Skip(code="unknown_strategy", reason=f"the desk has no strategy {footing.strategy_id}")
    if not footing.strategy.enabled and not opening.holds:
        reason = f"strategy {footing.strategy_id} is disabled and holds nothing: enable it first"
        return Skip(code="strategy_disabled", reason=reason)
    return None


def _halted(portfolio: Portfolio, opening: Opening) -> Skip | None:
    if opening.trading_state is not TradingState.HALTED or opening.shadow:
        return None
    own = portfolio.trading_state is not TradingState.HALTED
    who = f"strategy {opening.strategy.strategy_id}" if own else "the desk"
    return Skip(code=HALTED, reason=f"{who} is HALTED: resume it first")


def _before_the_books(portfolio: Portfolio, as_of: datetime) -> Skip | None:
    """Books cannot be led backwards: shares bought later would be sold at prices of before."""
    marked_at = portfolio.marked_at
    if marked_at is None or as_of >= marked_at:
        return None
    reason = f"the books have been marked at {marked_at.isoformat()}, after {as_of.isoformat()}; use a desk of its own"
    return Skip(code="before_the_books", reason=f"{reason} (DESK_ID or DESK_HOME)")
