"""The circuit breaker in the books: what it reads there, and that a look and its event are one."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.postgres.ledger import PostgresLedger
from tests.adapters.postgres.desk import (
    DESK,
    NOON,
    accepted,
    booked,
    buy,
    fill_of,
    intent,
    quote,
    restricted,
    resumed,
    sell,
)
from trading.audit import audit
from trading.breaker import CircuitBreaker, Rule, TradingState
from trading.breaker_rules import BreakerLook, BreakerRules, Refused
from trading.events import EventType
from trading.settlement import Denied

ROOMY = {"max_daily_loss": Decimal("0.9"), "max_weekly_loss": Decimal("0.9")}


def look(hours: float = 0, **rules: Any) -> BreakerLook:
    return BreakerLook(desk_id=DESK, rules=BreakerRules.model_validate(ROOMY | rules), at=NOON + timedelta(hours=hours))


def value(breaker: CircuitBreaker, rule: Rule) -> Decimal | None:
    return next(gauge.value for gauge in breaker.gauges if gauge.rule is rule)


async def bought(ledger: PostgresLedger, quantity: str = "100") -> None:
    await ledger.adopt(*accepted(buy(quantity=quantity)))
    await ledger.apply_fill(*booked(buy(quantity=quantity), fill_of(buy(quantity=quantity), quantity)))


@pytest.mark.faults
async def test_a_look_that_trips_denies_the_next_intent_and_is_told_once(ledger: PostgresLedger) -> None:
    await bought(ledger)
    await ledger.mark(DESK, quote("AAPL", "50"), NOON)
    calm = await ledger.judge(look())
    assert (calm.state, value(calm, Rule.DRAWDOWN)) == (TradingState.ACTIVE, Decimal("0.05001"))
    for _ in range(2):
        breaker = await ledger.judge(look(max_drawdown=Decimal("0.05"), resume_drawdown=Decimal("0.04")))
        assert breaker.state is TradingState.HALTED
    denied = await ledger.intend(intent(buy("MSFT")))
    assert isinstance(denied, Denied)
    assert [breach.code for breach in denied.breaches] == ["halted"]
    books = await ledger.books(DESK)
    told = [stored.event.type for stored in books.events]
    assert (told.count(EventType.TRADING_STATE_CHANGED), told.count(EventType.ALERT_RAISED)) == (1, 1)
    assert books.breaker == await ledger.breaker(DESK) == breaker
    assert [one for one in audit(books, ()) if one.about in {"breaker", "trading_state"}] == []


async def test_a_breaker_that_says_something_else_than_the_log_is_found(ledger: PostgresLedger) -> None:
    await ledger.change_state(restricted(TradingState.HALTED, "stop"))
    books = await ledger.books(DESK)
    forged = books.model_copy(update={"breaker": books.breaker.model_copy(update={"hold": TradingState.ACTIVE})})
    assert "breaker" in {found.about for found in audit(forged, ())}


@pytest.mark.faults
async def test_losing_trades_are_read_from_the_fills_that_closed_them(ledger: PostgresLedger) -> None:
    for number, price in enumerate(("90", "80", "70")):
        entry = buy(client_order_id=f"in-{number}")
        await ledger.adopt(*accepted(entry))
        at = NOON + timedelta(hours=number)
        await ledger.apply_fill(*booked(entry, fill_of(entry, "100", fill_id=f"f-in-{number}", filled_at=at)))
        leaving = sell(client_order_id=f"out-{number}", quantity="100")
        await ledger.adopt(*accepted(leaving))
        sold = fill_of(leaving, "100", price, fill_id=f"f-out-{number}", filled_at=at + timedelta(minutes=1))
        await ledger.apply_fill(*booked(leaving, sold))
    assert value(await ledger.judge(look()), Rule.LOSING_TRADES) == 3
    stopped = await ledger.judge(look(max_losing_trades=3))
    assert stopped.trip(Rule.LOSING_TRADES) is not None
    refused = await ledger.resume(resumed("go-on", rules=BreakerRules(max_losing_trades=3)))
    assert isinstance(refused, Refused)
    freed = await ledger.resume(resumed("go-on", rules=BreakerRules(max_losing_trades=3), force=True))
    assert isinstance(freed, CircuitBreaker)
    assert value(await ledger.judge(look(max_losing_trades=3)), Rule.LOSING_TRADES) == 0


@pytest.mark.faults
@pytest.mark.parametrize("asleep_days", [1, 400])
async def test_a_day_is_measured_from_the_last_mark_before_it_however_long_ago(
    ledger: PostgresLedger, asleep_days: int
) -> None:
    await bought(ledger)
    await ledger.mark(DESK, quote("AAPL", "90"), NOON)
    await ledger.mark(DESK, quote("AAPL", "80"), NOON + timedelta(days=asleep_days))
    breaker = await ledger.judge(look(hours=24 * asleep_days))
    assert value(breaker, Rule.DAILY_LOSS) == Decimal("0.010101")
