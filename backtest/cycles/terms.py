"""What a plan holds a replay to, in the records of the desk: its strategy, its limits, its circuit breaker."""

from __future__ import annotations

from decimal import Decimal

from activities.gate import GateRules
from trading.backtest_plan import Plan
from trading.limits import Limits
from trading.money import ZERO
from trading.orders import OrderKind
from trading.strategy import AGENTS, Rung, Strategy

DESK = "backtest"
TESTED = "tested"
"""The strategy of a plan for a rule; one for the agents has the name that every desk begins with."""
_ALL = Decimal(1)
_TICK = Decimal("0.01")
"""Of a price, for its rounding: a limit is in whole ticks, and of a cheap share one is a part of the price."""
_ANY_DOLLARS = Decimal("1e15")

NO_LIMITS = Limits(
    max_position=_ALL,
    max_sector=_ALL,
    max_positions=1_000_000,
    collar=ZERO,
    sizing_margin=ZERO,
    max_order_usd=_ANY_DOLLARS,
    max_orders_per_minute=100_000,
    max_orders_per_day=100_000,
    max_daily_usd=_ANY_DOLLARS,
    max_daily_turnover=Decimal(1000),
    min_price=ZERO,
    max_volume_share=_ALL,
    duplicate_minutes=0,
)
"""Nothing binds but what no desk is without: the cash of the account at the decision's price, whole shares, nothing
short, all of the equity in one position, and the average day's volume in one order."""


def limits_of(plan: Plan) -> Limits:
    """The plan's limits, or as good as none: an entry's own limit price lies within the collar then."""
    if plan.limits is not None or plan.style.kind is not OrderKind.LIMIT:
        return plan.limits or NO_LIMITS
    return NO_LIMITS.model_copy(update={"collar": min(plan.style.offset + _TICK, _ALL)})


def gate_rules_of(plan: Plan) -> GateRules:
    """What the gate holds each cycle to; a halted desk goes on in shadow where its breaker's rules say so."""
    shadow = plan.breaker is not None and plan.breaker.shadow
    remembers = plan.heed is not None
    return GateRules(limits=limits_of(plan), style=plan.style, shadow=shadow, remembers=remembers)


def strategy_of(plan: Plan) -> Strategy:
    """The desk's only strategy, with all of its equity: the agents, or the plan's rule."""
    if plan.strategy == AGENTS:
        return Strategy(strategy_id=AGENTS, allocation=_ALL, rung=Rung.PAPER, debate_rounds=plan.debate_rounds)
    return Strategy(
        strategy_id=TESTED,
        source=plan.strategy,
        parameters=plan.parameters,
        allocation=_ALL,
        rung=Rung.PAPER,
        heeds_memory=None if plan.heed is None else True,
    )
