"""A strategy that fails its review puts the desk to REDUCING, once a review, and a person brings it back."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncEngine

from activities.reviewing import ReviewingActivities
from adapters.postgres.closes import PostgresCloses
from adapters.postgres.ledger import PostgresLedger
from tests.activities.closing import DESK, FRIDAY, MONDAY, TUESDAY, closing, market, trade
from tests.adapters.postgres.desk import buy, opening, restricted, resumed, sell
from trading.breaker import CircuitBreaker, TradingState
from trading.closing import CloseAsked, DayAsked, ReviewAsked
from trading.events import EventType
from trading.strategy_rules import StrategyRules

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


async def test_a_failed_review_reduces_the_desk_once_and_a_person_brings_it_back(engine: AsyncEngine) -> None:
    ledger = await a_losing_day(engine)
    reviewing = ReviewingActivities(PostgresCloses(engine), ledger, StrategyRules(min_trades=1))
    for _ in range(2):
        (reason,) = await reviewing.review_strategies(ASKED)
    breaker = await ledger.breaker(DESK)
    assert (breaker.state, breaker.changed_by, breaker.reason) == (TradingState.REDUCING, "strategy agents", reason)
    assert reason.endswith("in 1 trades: a profit factor of 0.00, at least 0.8")
    assert await told(ledger, EventType.TRADING_STATE_CHANGED) == [reason]
    assert reason in await told(ledger, EventType.ALERT_RAISED)

    back = await ledger.resume(resumed("looked-at"))
    assert isinstance(back, CircuitBreaker)
    await reviewing.review_strategies(ASKED)
    assert (await ledger.breaker(DESK)).state is TradingState.ACTIVE


async def test_too_few_trades_and_a_rule_that_is_off_change_nothing(engine: AsyncEngine) -> None:
    ledger = await a_losing_day(engine)
    for rules in (StrategyRules(min_trades=2), StrategyRules(min_trades=1, min_profit_factor=Decimal(0))):
        assert await ReviewingActivities(PostgresCloses(engine), ledger, rules).review_strategies(ASKED) == ()
    assert (await ledger.breaker(DESK)).state is TradingState.ACTIVE


async def test_a_halted_desk_stays_halted(engine: AsyncEngine) -> None:
    ledger = await a_losing_day(engine)
    await ledger.change_state(restricted(TradingState.HALTED, "stop"))
    await ReviewingActivities(PostgresCloses(engine), ledger, StrategyRules(min_trades=1)).review_strategies(ASKED)
    assert (await ledger.breaker(DESK)).state is TradingState.HALTED
