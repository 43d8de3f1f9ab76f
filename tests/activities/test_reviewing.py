"""A strategy that fails its review only reduces or is disabled, once a review, and a person brings it back."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.reviewing import ReviewingActivities
from adapters.postgres.closes import PostgresCloses
from adapters.postgres.ledger import PostgresLedger
from tests.activities.closing import DESK, FRIDAY, MONDAY, TUESDAY, closing, market, trade
from tests.adapters.postgres.desk import buy, opening, resumed, sell
from trading.audit import audit
from trading.breaker import CircuitBreaker, StateChange, TradingState
from trading.closing import CloseAsked, DayAsked, ReviewAsked
from trading.events import EventType
from trading.limits import Limits, OwnLimits
from trading.strategy import Strategy, StrategyChange, first_strategy
from trading.strategy_rules import Failing, StrategyRules

ASKED = ReviewAsked(desk_id=DESK, session_on=TUESDAY)


async def a_losing_day(engine: AsyncEngine) -> PostgresLedger:
    """Bought at 100 on the Friday, sold at 90 on the Monday, and closed on the Tuesday."""
    ledger = PostgresLedger(engine)
    opened, cash = opening()
    await ledger.open_desk(opened, cash=cash)
    await trade(ledger, buy(), "100", "100", FRIDAY)
    await trade(ledger, sell(quantity="100"), "100", "90", MONDAY)
    activities = closing(engine, market(TUESDAY))
    for due in (await activities.plan_closes(DayAsked(desk_id=DESK, trace_id="t"))).due:
        await activities.close_session(CloseAsked(desk_id=DESK, trace_id="t", due=due))
    return ledger


async def told(ledger: PostgresLedger, kind: EventType) -> list[str]:
    events = [stored.event for stored in (await ledger.books(DESK)).events]
    return [str(event.data["reason"]) for event in events if event.type is kind and "strategy" in str(event.data)]


async def own(ledger: PostgresLedger) -> CircuitBreaker:
    (found,) = await ledger.strategy_breakers(DESK)
    return found.breaker


async def changed(ledger: PostgresLedger, **changes: object) -> None:
    strategy = Strategy.model_validate({**first_strategy().model_dump(), **changes})
    change = StrategyChange(desk_id=DESK, change_id="changed", strategy=strategy, by="operator", at=datetime.now(UTC))
    assert await ledger.change_strategy(change, Limits(max_position=Decimal(1))) == strategy


def reviewing(engine: AsyncEngine, ledger: PostgresLedger, **rules: object) -> ReviewingActivities:
    return ReviewingActivities(PostgresCloses(engine), ledger, StrategyRules.model_validate({"min_trades": 1, **rules}))


@pytest.mark.faults
async def test_a_failed_review_reduces_the_strategy_once_and_a_person_brings_it_back(engine: AsyncEngine) -> None:
    ledger = await a_losing_day(engine)
    for _ in range(2):
        (reason,) = await reviewing(engine, ledger).review_strategies(ASKED)
    breaker = await own(ledger)
    assert (breaker.state, breaker.changed_by, breaker.reason) == (TradingState.REDUCING, "review", reason)
    assert (await ledger.breaker(DESK)).state is TradingState.ACTIVE
    assert reason.startswith(
        "strategy agents, after 1 trades: a profit factor of 0.00, at least 0.8 (gained 0, gave up"
    )
    assert await told(ledger, EventType.STRATEGY_STATE_CHANGED) == [reason]
    assert await told(ledger, EventType.ALERT_RAISED) == [f"strategy agents REDUCING on the word of review: {reason}"]

    back = await ledger.resume(resumed("looked-at", strategy_id="agents"))
    assert isinstance(back, CircuitBreaker)
    await reviewing(engine, ledger).review_strategies(ASKED)
    assert (await own(ledger)).state is TradingState.ACTIVE
    assert [one for one in audit(await ledger.books(DESK), ()) if "breaker" in one.about] == []


async def test_too_few_trades_and_a_rule_that_is_off_change_nothing(engine: AsyncEngine) -> None:
    ledger = await a_losing_day(engine)
    for rules in ({"min_trades": 2}, {"min_profit_factor": Decimal(0)}):
        assert await reviewing(engine, ledger, **rules).review_strategies(ASKED) == ()
    assert (await own(ledger)).state is TradingState.ACTIVE


@pytest.mark.faults
async def test_a_halted_strategy_stays_halted(engine: AsyncEngine) -> None:
    ledger = await a_losing_day(engine)
    stop = {"desk_id": DESK, "change_id": "stop", "state": "HALTED", "changed_by": "operator", "reason": "stop"}
    await ledger.restrain(StateChange.model_validate({**stop, "at": datetime.now(UTC), "strategy_id": "agents"}))
    await reviewing(engine, ledger).review_strategies(ASKED)
    assert (await own(ledger)).state is TradingState.HALTED


@pytest.mark.faults
async def test_its_own_rule_comes_before_that_of_the_settings(engine: AsyncEngine) -> None:
    ledger = await a_losing_day(engine)
    await changed(ledger, rules=StrategyRules(min_trades=2))
    assert await reviewing(engine, ledger).review_strategies(ASKED) == ()


@pytest.mark.faults
@pytest.mark.parametrize("limits", [OwnLimits(), OwnLimits(max_position=Decimal(1))], ids=["plain", "loose"])
async def test_a_strategy_may_be_disabled_instead_whatever_its_limits(engine: AsyncEngine, limits: OwnLimits) -> None:
    ledger = await a_losing_day(engine)
    await changed(ledger, limits=limits)
    failing = reviewing(engine, ledger, on_failure=Failing.DISABLED)
    (reason,) = await failing.review_strategies(ASKED)
    assert await failing.review_strategies(ASKED) == ()  # one that is disabled already is told of once
    strategy = await ledger.strategy(DESK, "agents")
    assert strategy is not None
    assert not strategy.enabled
    assert (await own(ledger)).state is TradingState.ACTIVE
    assert await told(ledger, EventType.ALERT_RAISED) == [f"to be disabled: {reason}"]


async def test_the_drawdown_of_a_desks_only_strategy_is_the_desks(engine: AsyncEngine) -> None:
    ledger = await a_losing_day(engine)
    off = {"min_profit_factor": Decimal(0)}
    (reason,) = await reviewing(engine, ledger, **off, max_drawdown=Decimal("0.009")).review_strategies(ASKED)
    assert reason == "strategy agents, after 1 trades: 1.10% below its peak, less than 0.90%"
