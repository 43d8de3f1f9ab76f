"""The clock of books in memory is whoever writes them's: what counts a minute or a day counts the time of the bars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from adapters.memory.ledger import MemoryLedger
from tests.adapters.postgres.desk import DESK, NOON, accepted, booked, buy, event, fill_of, intent, opening, step
from tests.adapters.postgres.parted import changed
from trading.events import EventType
from trading.limits import Limits
from trading.orders import OrderRequest, OrderState
from trading.settlement import Denied
from trading.strategy import ChangeRefused, Strategy, StrategyChange

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def ledger(clock: Clock) -> MemoryLedger:
    ledger = MemoryLedger(clock)
    opened, cash = opening()
    await ledger.open_desk(opened, cash=cash)
    return ledger


async def codes(ledger: MemoryLedger, request: OrderRequest, limits: Limits) -> list[str]:
    answer = await ledger.intend(intent(request, limits))
    return [breach.code for breach in answer.breaches] if isinstance(answer, Denied) else []


def one(number: int, symbol: str = "", quantity: str = "1") -> OrderRequest:
    return buy(symbol or f"S{number}", quantity, client_order_id=f"order-{number}")


async def test_a_minute_is_a_minute_of_the_clock(ledger: MemoryLedger, clock: Clock) -> None:
    limits = Limits(max_orders_per_minute=2)
    assert [await codes(ledger, one(number), limits) for number in range(2)] == [[], []]
    clock.at += MINUTE - timedelta(seconds=1)
    books = await ledger.portfolio(DESK)
    assert await codes(ledger, one(2), limits) == ["too_many_orders"]
    assert books.trading_state != (await ledger.portfolio(DESK)).trading_state


async def test_after_a_minute_there_is_room_again(ledger: MemoryLedger, clock: Clock) -> None:
    limits = Limits(max_orders_per_minute=2)
    assert [await codes(ledger, one(number), limits) for number in range(2)] == [[], []]
    clock.at += MINUTE
    assert await codes(ledger, one(2), limits) == []


async def test_a_day_is_one_of_utc_and_counts_orders_and_dollars(ledger: MemoryLedger, clock: Clock) -> None:
    limits = Limits(max_orders_per_day=2, max_daily_usd=Decimal(250))
    assert [await codes(ledger, one(number), limits) for number in range(2)] == [[], []]
    clock.at = NOON.replace(hour=23, minute=59)
    assert set(await codes(ledger, one(2), limits)) >= {"too_many_orders", "max_daily_usd_exceeded"}


async def test_a_new_day_begins_at_nothing(ledger: MemoryLedger, clock: Clock) -> None:
    limits = Limits(max_orders_per_day=2, max_daily_usd=Decimal(250))
    assert [await codes(ledger, one(number), limits) for number in range(2)] == [[], []]
    clock.at = (NOON + DAY).replace(hour=0)
    assert await codes(ledger, one(2), limits) == []


async def test_the_double_of_an_order_is_one_of_so_many_minutes(ledger: MemoryLedger, clock: Clock) -> None:
    limits = Limits(duplicate_minutes=5)
    assert await codes(ledger, one(1, "KO"), limits) == []
    clock.at += 5 * MINUTE - timedelta(seconds=1)
    assert await codes(ledger, one(2, "KO"), limits) == ["duplicate_order"]
    assert await codes(ledger, one(3, "KO", "2"), limits) == []
    clock.at += timedelta(seconds=1)
    assert await codes(ledger, one(4, "KO"), limits) == []


async def test_what_ended_without_a_fill_is_no_double(ledger: MemoryLedger) -> None:
    limits = Limits(duplicate_minutes=5)
    assert await codes(ledger, one(1, "KO"), limits) == []
    await ledger.advance(*step(one(1, "KO"), OrderState.CANCELLED))
    assert await codes(ledger, one(2, "KO"), limits) == []
    await ledger.apply_fill(*booked(one(2, "KO"), fill_of(one(2, "KO"), "1")))
    assert await codes(ledger, one(3, "KO"), limits) == ["duplicate_order"]


async def test_a_cycle_of_which_nobody_heard_for_a_day_binds_no_strategy(ledger: MemoryLedger, clock: Clock) -> None:
    await changed(ledger, "agents", allocation="0.5")
    await changed(ledger, "trend")
    await ledger.record([event(EventType.CYCLE_STARTED, {"strategy_id": "trend"}, name="started")])
    removal = StrategyChange(
        desk_id=DESK, change_id="gone", strategy=Strategy(strategy_id="trend"), removed=True, by="ann", at=NOON
    )
    clock.at += DAY - MINUTE
    assert isinstance(await ledger.change_strategy(removal, Limits()), ChangeRefused)
    clock.at += MINUTE
    assert await ledger.change_strategy(removal, Limits()) == removal.strategy


async def test_an_order_that_the_broker_holds_counts_among_those_of_the_day(ledger: MemoryLedger) -> None:
    await ledger.adopt(*accepted(one(1)))
    assert "too_many_orders" in await codes(ledger, one(2), Limits(max_orders_per_day=1))
