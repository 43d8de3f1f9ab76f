"""The books' last word before the wire: under the lock, with the state of now, and written before it is said."""

from __future__ import annotations

import asyncio

import pytest

from adapters.postgres.ledger import PostgresLedger
from tests.adapters.postgres.desk import (
    DESK,
    accepted,
    at,
    booked,
    buy,
    fill_of,
    intent,
    restricted,
    sell,
    step,
)
from trading.breaker import TradingState
from trading.errors import BooksDisagree
from trading.events import EventType
from trading.instruments import Side
from trading.orders import Leg, OrderKind, OrderRequest, OrderState
from trading.settlement import Sending

EVENTS_OF_A_MOVE = {EventType.ORDER_SUBMITTED, EventType.ORDER_CANCELLED, EventType.ORDER_EXPIRED}


def sending(asked: OrderRequest, minute: int = 1, *, again: bool = False) -> Sending:
    """An order to be sent within five minutes of noon."""
    return Sending(request=asked, again=again, asked_at=at(minute), send_by=at(5))


def stop() -> OrderRequest:
    terms = {"leg": Leg.STOP, "kind": OrderKind.STOP, "stop_price": "90", "parent_id": buy().client_order_id}
    return sell(quantity="100", client_order_id="stop", **terms)


async def moves(ledger: PostgresLedger) -> list[EventType]:
    return [s.event.type for s in (await ledger.books(DESK)).events if s.event.type in EVENTS_OF_A_MOVE]


async def reason(ledger: PostgresLedger, asked: OrderRequest) -> str | None:
    known = await ledger.order(asked.client_order_id)
    assert known is not None
    return known.reason


async def holding(ledger: PostgresLedger) -> None:
    """A hundred shares of AAPL, from an earlier order."""
    earlier = buy(client_order_id="earlier")
    await ledger.adopt(*accepted(earlier))
    await ledger.apply_fill(*booked(earlier, fill_of(earlier, "100")))


async def test_the_books_know_the_desks_that_were_opened(ledger: PostgresLedger) -> None:
    assert await ledger.knows(DESK)
    assert not await ledger.knows("another")


async def test_an_intended_order_may_go_and_the_books_say_so_first(ledger: PostgresLedger) -> None:
    await ledger.intend(intent(buy()))

    cleared = await ledger.clear(sending(buy()), at(1))

    assert (cleared.may_send, cleared.order.state) == (True, OrderState.SUBMITTED)
    assert await ledger.order(buy().client_order_id) == cleared.order
    assert await moves(ledger) == [EventType.ORDER_SUBMITTED]


async def test_a_halt_after_the_intent_holds_the_order_back_and_ends_it(ledger: PostgresLedger) -> None:
    await holding(ledger)
    await ledger.intend(intent(buy("MSFT")))
    await ledger.intend(intent(sell()))
    await ledger.change_state(restricted(TradingState.HALTED, "stop"))

    for asked in (buy("MSFT"), sell()):
        cleared = await ledger.clear(sending(asked), at(1))
        assert (cleared.may_send, cleared.order.state) == (False, OrderState.CANCELLED)
        assert await reason(ledger, asked) == "the desk is HALTED"
    assert await moves(ledger) == [EventType.ORDER_CANCELLED] * 2


async def test_while_reducing_what_closes_may_go_and_what_opens_may_not(ledger: PostgresLedger) -> None:
    await holding(ledger)
    for asked in (buy("MSFT"), sell(quantity="40")):
        await ledger.intend(intent(asked))
    await ledger.change_state(restricted(TradingState.REDUCING, "careful"))
    protects = stop().model_copy(update={"quantity": sell(quantity="60").quantity})
    await ledger.intend(intent(protects))

    sent = {
        asked.client_order_id: await ledger.clear(sending(asked), at(1))
        for asked in (buy("MSFT"), sell(quantity="40"), protects)
    }

    assert [one.may_send for one in sent.values()] == [False, True, True]
    states = [one.order.state for one in sent.values()]
    assert states == [OrderState.CANCELLED, OrderState.SUBMITTED, OrderState.SUBMITTED]
    assert await reason(ledger, buy("MSFT")) == "the desk is REDUCING"


async def test_an_order_whose_time_is_over_expires_unsent(ledger: PostgresLedger) -> None:
    await ledger.intend(intent(buy()))

    late = await ledger.clear(sending(buy(), 6), at(6))

    assert (late.may_send, late.order.state) == (False, OrderState.EXPIRED)
    assert await reason(ledger, buy()) == "it was too late to send it"
    assert (await ledger.portfolio(DESK)).open_orders == ()
    assert not (await ledger.clear(sending(buy(), 1), at(7))).may_send
    assert await moves(ledger) == [EventType.ORDER_EXPIRED]


async def test_a_second_try_may_not_go_unless_it_is_known_that_the_first_never_came(ledger: PostgresLedger) -> None:
    await ledger.intend(intent(buy()))
    assert (await ledger.clear(sending(buy()), at(1))).may_send

    assert not (await ledger.clear(sending(buy()), at(2))).may_send
    again = await ledger.clear(sending(buy(), 4, again=True), at(4))
    assert (again.may_send, again.order.state) == (True, OrderState.SUBMITTED)
    late = await ledger.clear(sending(buy(), 6, again=True), at(6))
    assert (late.may_send, late.order.state) == (False, OrderState.SUBMITTED)
    assert await moves(ledger) == [EventType.ORDER_SUBMITTED]


async def test_an_order_of_which_nobody_knows_may_go_again_but_not_while_halted(ledger: PostgresLedger) -> None:
    await ledger.intend(intent(buy()))
    await ledger.clear(sending(buy()), at(1))
    await ledger.advance(*step(buy(), OrderState.UNKNOWN))

    assert (await ledger.clear(sending(buy(), again=True), at(2))).may_send
    await ledger.change_state(restricted(TradingState.HALTED, "stop"))
    held = await ledger.clear(sending(buy(), again=True), at(3))
    # It may be at the broker all the same: the books do not end it.
    assert (held.may_send, held.order.state) == (False, OrderState.UNKNOWN)
    assert await moves(ledger) == [EventType.ORDER_SUBMITTED]


@pytest.mark.parametrize("state", [OrderState.ACCEPTED, OrderState.REJECTED, OrderState.CANCELLED, OrderState.EXPIRED])
@pytest.mark.parametrize("again", [True, False])
async def test_what_the_broker_has_answered_for_goes_no_more(
    ledger: PostgresLedger, state: OrderState, *, again: bool
) -> None:
    await ledger.intend(intent(buy()))
    await ledger.advance(*step(buy(), state))

    cleared = await ledger.clear(sending(buy(), again=again), at(1))

    assert (cleared.may_send, cleared.order.state) == (False, state)
    assert len(await moves(ledger)) == (state in {OrderState.CANCELLED, OrderState.EXPIRED})


async def test_of_many_who_ask_at_once_one_may_send(ledger: PostgresLedger) -> None:
    await ledger.intend(intent(buy()))

    cleared = await asyncio.gather(*(ledger.clear(sending(buy()), at(1)) for _ in range(10)))

    assert sorted(one.may_send for one in cleared) == [False] * 9 + [True]
    assert await moves(ledger) == [EventType.ORDER_SUBMITTED]


async def test_an_order_that_was_never_intended_or_has_other_terms_does_not_go(ledger: PostgresLedger) -> None:
    with pytest.raises(BooksDisagree, match="know no order"):
        await ledger.clear(sending(buy()), at(1))
    await ledger.intend(intent(buy()))
    with pytest.raises(BooksDisagree, match="other terms"):
        await ledger.clear(sending(buy(quantity="99")), at(1))
    known = await ledger.order(buy().client_order_id)
    assert known is not None
    assert (known.state, known.request.side) == (OrderState.INTENDED, Side.BUY)
