"""The intent's transaction counts what the desk did lately under the lock, and keeps what it looked at."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.ledger import PostgresLedger
from tests.adapters.postgres.desk import (
    DESK,
    LIMITS,
    accepted,
    booked,
    buy,
    fill_of,
    intent,
    opening,
    resumed,
    sell,
    step,
)
from tests.making import account, standing
from trading.audit_limits import limits_held_at_intent
from trading.breaker import TradingState
from trading.events import Event, EventType
from trading.limits import Limit, Limits
from trading.orders import Leg, Order, OrderKind, OrderRequest, OrderState
from trading.settlement import Denied

_numbers = count(1)


def one(quantity: str = "1", **terms: Any) -> OrderRequest:
    """A buy under a name of its own."""
    return buy(**{"quantity": quantity, "client_order_id": f"order-{next(_numbers)}", **terms})


async def said(ledger: PostgresLedger, asked: OrderRequest, limits: Limits = LIMITS, **more: object) -> list[str]:
    """The codes that an intent is denied with."""
    answer = await ledger.intend(intent(asked, limits, **more))
    return [breach.code for breach in answer.breaches] if isinstance(answer, Denied) else []


async def events(ledger: PostgresLedger, kind: EventType) -> list[Event]:
    return [s.event for s in (await ledger.books(DESK)).events if s.event.type is kind]


async def later(owner: AsyncEngine, interval: str) -> None:
    """Let so much time pass over what was intended so far."""
    passed = f"UPDATE orders SET recorded_at = recorded_at - interval '{interval}'"  # noqa: S608  the test's own words
    async with owner.begin() as connection:
        await connection.execute(text(passed))


@pytest.mark.parametrize("most", [1, 7])
async def test_intents_at_once_never_pass_the_orders_of_a_minute(ledger: PostgresLedger, most: int) -> None:
    limits = Limits(max_orders_per_minute=most, duplicate_minutes=0)
    answers = await asyncio.gather(*(ledger.intend(intent(one(), limits)) for _ in range(30)))
    assert sum(isinstance(answer, Order) for answer in answers) == most
    refused = [{b.code for b in answer.breaches} for answer in answers if isinstance(answer, Denied)]
    # The first that was too many has stopped the desk, once: the others meet a halt as well.
    assert all("too_many_orders" in codes <= {"too_many_orders", "halted"} for codes in refused)
    assert sum("halted" not in codes for codes in refused) == 1
    assert (await ledger.breaker(DESK)).state is TradingState.HALTED
    assert len(await events(ledger, EventType.TRADING_STATE_CHANGED)) == 1
    assert len(await events(ledger, EventType.ALERT_RAISED)) == 1


async def test_what_was_denied_is_not_counted_nor_are_stops(ledger: PostgresLedger) -> None:
    limits = Limits(max_orders_per_minute=2, max_orders_per_day=2)
    stop = sell(client_order_id="stop", leg=Leg.STOP, kind=OrderKind.STOP, stop_price="90", parent_id="entry")
    await ledger.adopt(*accepted(stop))
    for _ in range(3):
        assert await said(ledger, one("300"), limits) == ["max_position_exceeded"]
    assert await said(ledger, one("1"), limits) == []
    assert await said(ledger, one("2"), limits) == []
    assert await said(ledger, one("3"), limits) == ["too_many_orders", "too_many_orders"]


async def test_a_minute_and_a_day_pass(ledger: PostgresLedger, owner: AsyncEngine) -> None:
    limits = Limits(max_orders_per_minute=1, max_orders_per_day=2, duplicate_minutes=5)
    assert await said(ledger, one(), limits) == []
    await later(owner, "30 seconds")
    assert await said(ledger, one("2"), limits) == ["too_many_orders"]
    await ledger.resume(resumed("looked-at"))
    await later(owner, "31 seconds")
    assert await said(ledger, one("2"), limits) == []
    assert await said(ledger, one("3"), limits) == ["too_many_orders"] * 2
    await ledger.resume(resumed("looked-at-again"))
    await later(owner, "25 hours")
    assert await said(ledger, one(), limits) == []
    assert (await events(ledger, EventType.ORDER_INTENDED))[-1].data["recent"] == NOTHING


NOTHING = {"last_minute": 0, "today": 0, "usd_today": "0", "same": None}


async def test_the_days_dollars_are_counted_at_the_worst_price_and_to_the_cent(ledger: PostgresLedger) -> None:
    limited = {"kind": "limit", "limit_price": "101.005"}
    limits = Limits(max_daily_usd=Decimal("2020.10"))
    assert await said(ledger, one("10", **limited), limits) == []
    assert await said(ledger, one("11"), limits) == ["max_daily_usd_exceeded"]
    assert await said(ledger, one("10.00"), limits, standing=standing("MSFT")) == ["duplicate_order"]
    assert await said(ledger, one("10", symbol="MSFT"), limits) == []
    [_, second] = await events(ledger, EventType.ORDER_INTENDED)
    recent = second.data["recent"]
    assert isinstance(recent, dict)
    assert (recent["today"], recent["usd_today"]) == (1, "1010.05")


async def test_the_double_of_an_order_is_refused_until_its_minutes_are_over(
    ledger: PostgresLedger, owner: AsyncEngine
) -> None:
    first = one()
    assert await said(ledger, first) == []
    assert await said(ledger, one()) == ["duplicate_order"]
    assert await said(ledger, one("2")) == []
    assert await said(ledger, one(symbol="MSFT")) == []
    await later(owner, "30 seconds")
    assert await said(ledger, one()) == ["duplicate_order"]
    await later(owner, "31 seconds")
    assert await said(ledger, one()) == []


async def test_a_sale_is_no_double_of_a_buy_but_of_a_sale(ledger: PostgresLedger) -> None:
    await ledger.adopt(*accepted(buy()))
    await ledger.apply_fill(*booked(buy(), fill_of(buy(), "100")))
    first = sell(quantity="10", client_order_id="sale-1")
    assert await said(ledger, first) == []
    assert await said(ledger, sell(quantity="10", client_order_id="sale-2")) == ["duplicate_order"]
    again = sell(quantity="10", client_order_id="sale-3")
    assert await said(ledger, again, flattens=True) == []


@pytest.mark.parametrize(("end", "codes"), [(OrderState.REJECTED, []), (OrderState.ACCEPTED, ["duplicate_order"])])
async def test_what_ended_without_a_fill_has_no_double(
    ledger: PostgresLedger, end: OrderState, codes: list[str]
) -> None:
    first = one()
    await said(ledger, first)
    await ledger.advance(*step(first, end))
    assert await said(ledger, one()) == codes


async def test_a_partly_filled_order_that_was_cancelled_has_one(ledger: PostgresLedger) -> None:
    first = one("10")
    await said(ledger, first)
    await ledger.apply_fill(*booked(first, fill_of(first, "4")))
    await ledger.advance(*step(first, OrderState.CANCELLED))
    assert await said(ledger, one("10")) == ["duplicate_order"]


async def test_an_order_that_goes_on_with_another_is_not_its_double(ledger: PostgresLedger) -> None:
    first = one("10", kind="limit", limit_price="99")
    await said(ledger, first)
    name = first.client_order_id
    second = first.model_copy(update={"client_order_id": f"{name}.2", "replaces": name})
    third = first.model_copy(update={"client_order_id": f"{name}.3", "replaces": f"{name}.2"})
    assert [await said(ledger, second), await said(ledger, third)] == [[], []]
    stranger = first.model_copy(update={"client_order_id": "stranger.2", "replaces": "stranger"})
    assert await said(ledger, stranger) == ["duplicate_order"]


async def test_the_event_keeps_what_was_looked_at(ledger: PostgresLedger) -> None:
    poor = standing(account=account("500"), price="101")
    assert await said(ledger, one("4"), standing=poor) == []
    assert await said(ledger, one("5"), standing=poor) == ["buying_power_exceeded", "settled_cash_exceeded"]
    [intended], [denied] = [await events(ledger, kind) for kind in (EventType.ORDER_INTENDED, EventType.ORDER_DENIED)]
    for event in (intended, denied):
        seen, counted, looked = event.data["standing"], event.data["recent"], event.data["looked_at"]
        assert isinstance(seen, dict)
        assert isinstance(seen["account"], dict)
        assert isinstance(counted, dict)
        assert isinstance(looked, list)
        assert (seen["account"]["buying_power"], seen["price"]) == ("500", "101")
        assert {Limit.BUYING_POWER, Limit.DUPLICATE, Limit.RESTRICTED} <= set(looked)
    assert list(limits_held_at_intent(await ledger.books(DESK))) == []


async def test_an_order_without_the_brokers_word_is_denied(ledger: PostgresLedger) -> None:
    assert await said(ledger, one(), standing=None) == ["standing_unknown"]


async def test_of_two_desks_each_counts_its_own(ledger: PostgresLedger) -> None:
    opened, cash = opening("other")
    await ledger.open_desk(opened, cash=cash)
    limits = Limits(max_orders_per_minute=1)
    assert await said(ledger, one(), limits) == []
    assert await said(ledger, one(desk_id="other"), limits) == []
    assert await said(ledger, one("2"), limits) == ["too_many_orders"]


async def _pair(ledger: PostgresLedger, number: int) -> None:
    """Two cycles of one desk at once, each within its limits alone and both together beyond every one of them."""
    desk = f"pair-{number}"
    opened, cash = opening(desk)
    await ledger.open_desk(opened, cash=cash)
    limits = Limits(max_daily_usd=Decimal(15_000), max_orders_per_day=3, duplicate_minutes=0)
    limits = limits.model_copy(update={"max_daily_turnover": Decimal("0.2")}) if number % 2 else limits
    rich = standing(account=account("15750")) if number % 3 else standing()
    names = [(cycle, leg) for cycle in ("a", "b") for leg in range(2)]
    asked = [one("75", desk_id=desk, client_order_id=f"{desk}-{cycle}-{leg}") for cycle, leg in names]

    async def cycle(orders: list[OrderRequest]) -> list[Order | Denied]:
        return [await ledger.intend(intent(order, limits, standing=rich)) for order in orders]

    answers = [answer for both in await asyncio.gather(cycle(asked[:2]), cycle(asked[2:])) for answer in both]
    sent = [answer for answer in answers if isinstance(answer, Order)]
    assert 1 <= len(sent) <= 2
    assert sum(order.request.quantity * 100 for order in sent) <= 15_000
    books = await ledger.books(desk)
    assert list(limits_held_at_intent(books)) == []
    assert len(books.portfolio.open_orders) == len(sent)


async def test_a_few_pairs_of_cycles_at_once_keep_the_limits_together(ledger: PostgresLedger) -> None:
    for number in range(6):
        await _pair(ledger, number)


@pytest.mark.soak
async def test_two_hundred_pairs_of_cycles_at_once_keep_the_limits_together(ledger: PostgresLedger) -> None:
    for first in range(0, 200, 4):
        await asyncio.gather(*(_pair(ledger, number) for number in range(first, first + 4)))
