from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from adapters.postgres.ledger import PostgresLedger
from tests.adapters.postgres.desk import (
    DESK,
    NOON,
    accepted,
    at,
    booked,
    buy,
    fill_of,
    held,
    intent,
    order,
    restricted,
    resumed,
    sell,
    step,
)
from trading.breaker import CircuitBreaker, TradingState
from trading.errors import BooksDisagree, IllegalTransition
from trading.events import EventType
from trading.instruments import Side
from trading.limits import Limit, Limits
from trading.order_events import order_moved
from trading.orders import Leg, Order, OrderKind, OrderRequest, OrderState
from trading.settlement import Denied

# What is intended here many times over is no double of anything.
ONCE_MORE = Limits(duplicate_minutes=0)


async def events_of(ledger: PostgresLedger) -> list[EventType]:
    return [stored.event.type for stored in (await ledger.books(DESK)).events][2:]


async def test_an_intent_within_the_limits_is_entered_with_the_room_that_was_left(ledger: PostgresLedger) -> None:
    intended = await ledger.intend(intent(buy(quantity="150")))

    assert intended == Order(request=buy(quantity="150"), state=OrderState.INTENDED)
    assert (await ledger.portfolio(DESK)).open_orders == (intended,)
    [written] = [s.event for s in (await ledger.books(DESK)).events if s.event.type is EventType.ORDER_INTENDED]
    rooms = written.data["rooms"]
    assert isinstance(rooms, list)
    assert {"limit": "max_position", "quantity": "200.000000000"} in rooms


async def test_a_refused_intent_says_which_limit_and_is_no_open_order(ledger: PostgresLedger) -> None:
    denied = await ledger.intend(intent(buy(quantity="201")))

    assert isinstance(denied, Denied)
    assert [breach.limit for breach in denied.breaches] == [Limit.POSITION]
    assert (await ledger.portfolio(DESK)).open_orders == ()
    entered = await ledger.order(denied.client_order_id)
    assert entered is not None
    assert (entered.state, entered.reason) == (OrderState.DENIED, denied.reason)
    assert await events_of(ledger) == [EventType.ORDER_DENIED]


@pytest.mark.faults
async def test_two_intents_at_once_share_one_limit(ledger: PostgresLedger) -> None:
    asked = [buy(quantity="60", client_order_id=f"order-{n}") for n in range(10)]

    answers = await asyncio.gather(*(ledger.intend(intent(request, ONCE_MORE)) for request in asked))

    assert sum(isinstance(answer, Order) for answer in answers) == 3  # times 60, of the 200 shares that 20 % allows
    assert len((await ledger.portfolio(DESK)).open_orders) == 3


async def test_a_sector_holds_over_symbols_that_are_intended_at_once(ledger: PostgresLedger) -> None:
    asked = [buy(symbol, "120", sector="Energy") for symbol in ("CVX", "XOM", "SLB", "COP")]

    answers = await asyncio.gather(*(ledger.intend(intent(request, ONCE_MORE)) for request in asked))

    assert sum(isinstance(answer, Order) for answer in answers) == 2


async def test_an_intent_asked_again_is_answered_as_before(ledger: PostgresLedger) -> None:
    first = await ledger.intend(intent(buy(quantity="150")))
    refused = await ledger.intend(intent(buy(quantity="60", client_order_id="second")))
    await ledger.advance(*step(buy(quantity="150"), OrderState.CANCELLED))

    assert await ledger.intend(intent(buy(quantity="60", client_order_id="second"), intended_at=at(5))) == refused
    again = await ledger.intend(intent(buy(quantity="150"), intended_at=at(5)))
    assert isinstance(first, Order)
    assert isinstance(again, Order)
    assert again.request == first.request
    assert again.state is OrderState.CANCELLED
    assert len(await events_of(ledger)) == 3


async def test_twenty_intents_of_one_id_at_once_make_one_order(ledger: PostgresLedger) -> None:
    answers = await asyncio.gather(*(ledger.intend(intent(buy())) for _ in range(20)))

    assert answers == [answers[0]] * 20
    assert await events_of(ledger) == [EventType.ORDER_INTENDED]


@pytest.mark.parametrize(
    "other", [buy(quantity="99"), buy(mark="101"), buy(stop="90"), buy(limit_price="99", kind="limit")]
)
async def test_the_same_id_with_other_terms_is_refused(ledger: PostgresLedger, other: OrderRequest) -> None:
    await ledger.intend(intent(buy()))

    with pytest.raises(BooksDisagree, match="other terms"):
        await ledger.intend(intent(other))


async def test_a_halted_desk_intends_nothing_and_a_reducing_one_only_sells(ledger: PostgresLedger) -> None:
    await ledger.adopt(*accepted(buy()))
    await ledger.apply_fill(*booked(buy(), fill_of(buy(), "100")))
    await ledger.change_state(restricted(TradingState.REDUCING, "careful"))
    assert isinstance(await ledger.intend(intent(buy("MSFT"))), Denied)
    assert isinstance(await ledger.intend(intent(sell(quantity="10"))), Order)
    await ledger.change_state(restricted(TradingState.HALTED, "stop"))
    assert isinstance(await ledger.intend(intent(sell(quantity="10", client_order_id="later"))), Denied)


async def test_a_state_change_said_again_does_not_undo_a_later_one(ledger: PostgresLedger) -> None:
    await ledger.change_state(restricted(TradingState.HALTED, "stop"))
    active = await ledger.resume(resumed("go-on"))
    assert isinstance(active, CircuitBreaker)
    assert active.state is TradingState.ACTIVE

    assert await ledger.change_state(restricted(TradingState.HALTED, "stop")) == active
    assert await ledger.resume(resumed("go-on")) == active
    assert await ledger.breaker(DESK) == active
    assert (await ledger.portfolio(DESK)).trading_state is TradingState.ACTIVE


async def test_an_order_moves_along_and_each_step_is_an_event(ledger: PostgresLedger) -> None:
    await ledger.intend(intent(buy()))
    await ledger.advance(*step(buy(), OrderState.SUBMITTED))
    moved = await ledger.advance(*step(buy(), OrderState.ACCEPTED))

    assert (moved.state, moved.broker_order_id) == (OrderState.ACCEPTED, held(buy()).broker_order_id)
    assert await ledger.order(buy().client_order_id) == moved
    assert await events_of(ledger) == [EventType.ORDER_INTENDED, EventType.ORDER_SUBMITTED, EventType.ORDER_ACCEPTED]


async def test_a_step_said_again_changes_nothing_even_when_the_order_has_gone_on(ledger: PostgresLedger) -> None:
    await ledger.intend(intent(buy()))
    await ledger.advance(*step(buy(), OrderState.ACCEPTED))
    filled = await ledger.apply_fill(*booked(buy(), fill_of(buy(), "100")))

    assert await ledger.advance(*step(buy(), OrderState.ACCEPTED)) == filled
    assert len(await events_of(ledger)) == 3


async def test_a_step_that_leads_nowhere_is_refused_and_leaves_no_trace(ledger: PostgresLedger) -> None:
    await ledger.intend(intent(buy()))
    rejected = await ledger.advance(*step(buy(), OrderState.REJECTED, "no such\0symbol"))
    assert rejected.reason == "no such\ufffdsymbol"

    with pytest.raises(IllegalTransition):
        await ledger.advance(*step(buy(), OrderState.ACCEPTED))
    assert await ledger.order(buy().client_order_id) == rejected
    assert len(await events_of(ledger)) == 2


async def test_an_unknown_order_cannot_move(ledger: PostgresLedger) -> None:
    with pytest.raises(BooksDisagree, match="know no order"):
        await ledger.advance(*step(buy(), OrderState.ACCEPTED))


async def test_an_order_cancelled_half_way_keeps_its_half_and_a_crossing_fill_completes_it(
    ledger: PostgresLedger,
) -> None:
    await ledger.adopt(*accepted(buy()))
    await ledger.apply_fill(*booked(buy(), fill_of(buy(), "40", fill_id="half")))
    cancelled = await ledger.advance(*step(buy(), OrderState.CANCELLED))
    assert cancelled.state is OrderState.CANCELLED
    assert (cancelled.filled_quantity, cancelled.leaves) == (Decimal(40), Decimal(0))

    crossed = await ledger.apply_fill(*booked(buy(), fill_of(buy(), "60", fill_id="crossing")))
    assert (crossed.state, crossed.filled_quantity) == (OrderState.FILLED, Decimal(100))
    bust = fill_of(buy(), "60", fill_id="bust", reverses="crossing")
    assert (await ledger.apply_fill(*booked(buy(), bust))).state is OrderState.CANCELLED


async def test_a_protective_order_is_adopted_once(ledger: PostgresLedger) -> None:
    terms = {"leg": Leg.STOP, "kind": OrderKind.STOP, "stop_price": "90", "parent_id": buy().client_order_id}
    stop = order("AAPL", Side.SELL, "100", client_order_id="stop", **terms)
    for _ in range(2):
        await ledger.adopt(*accepted(stop))

    assert [o.request for o in (await ledger.portfolio(DESK)).open_orders] == [stop]
    assert await events_of(ledger) == [EventType.ORDER_ACCEPTED]
    larger = stop.model_copy(update={"quantity": stop.quantity + 1})
    with pytest.raises(BooksDisagree, match="other terms"):
        await ledger.adopt(
            Order(request=larger, state=OrderState.ACCEPTED), order_moved(larger, OrderState.ACCEPTED, None, NOON)
        )
