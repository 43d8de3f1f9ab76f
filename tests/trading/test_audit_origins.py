"""Orders that follow from no decision of their own: a person's exits, and what goes on with an order's rest."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.fakes.desk import FakeDesk, sealed
from tests.fakes.steps import FakeSteps
from tests.making import CYCLE, after, cycle, fill, request, signal, standing
from trading.audit import Books, Finding, audit
from trading.breaker import TradingState
from trading.cycle import run_cycle
from trading.events import EventType
from trading.instruments import Side
from trading.limits import Limits
from trading.money import ZERO
from trading.order_events import order_moved, trade_executed
from trading.orders import OPERATOR, Leg, Order, OrderRequest, OrderState, advance, settle, successor_id
from trading.settlement import IntentAsked

LIMITS = Limits(sizing_margin=ZERO)
BUY = f"{CYCLE}-AAPL-buy-entry"
REST = successor_id(BUY)
STOOD_DOWN = "paper/stand-down-1"


def sent(desk: FakeDesk, asked: OrderRequest, *, flattens: bool = False) -> None:
    known = None if flattens else standing()
    intended = desk.intend(
        IntentAsked(request=asked, limits=LIMITS, standing=known, flattens=flattens, intended_at=after(9))
    )
    assert isinstance(intended, Order)
    desk.execute(asked)


def found(desk: FakeDesk, books: Books | None = None) -> list[tuple[str, str]]:
    return [(one.invariant, one.about) for one in audit(books or desk.books(), desk.broker())]


async def bought(*, rests: bool = False) -> FakeDesk:
    """A desk with one cycle behind it that ordered ten shares of AAPL."""
    steps = FakeSteps()
    steps.desk.resting = {"AAPL"} if rests else set()
    steps.signals = {"AAPL": signal("AAPL")}
    assert (await run_cycle(steps, cycle("AAPL"))).findings == ()
    steps.desk.resting = set()
    return steps.desk


async def stood_down(**more: Any) -> FakeDesk:
    desk = await bought()
    desk.change_state(TradingState.REDUCING)
    sent(desk, request(side=Side.SELL, **{"cycle_id": STOOD_DOWN, "strategy_id": OPERATOR} | more), flattens=True)
    return desk


async def test_a_persons_exit_follows_from_the_word_to_reduce() -> None:
    assert found(await stood_down()) == []


async def test_an_exit_that_no_person_gave_needs_a_decision_while_reducing_too() -> None:
    assert found(await stood_down(strategy_id="agents")) == [("I1", f"{STOOD_DOWN}-AAPL-sell-exit")]


async def test_a_persons_exit_without_the_word_to_reduce_is_found() -> None:
    desk = await stood_down()
    books = desk.books()
    silent = sealed(s.event for s in books.events if s.event.type is not EventType.TRADING_STATE_CHANGED)
    held = books.portfolio.model_copy(update={"trading_state": TradingState.ACTIVE})
    told = {"events": silent, "event_count": len(silent), "event_head": silent[-1].hash, "portfolio": held}
    assert found(desk, books.model_copy(update=told)) == [("I1", f"{STOOD_DOWN}-AAPL-sell-exit")]


async def test_no_word_of_a_person_lets_anything_be_entered() -> None:
    desk = await bought()
    desk.change_state(TradingState.REDUCING)
    desk.change_state(TradingState.ACTIVE)
    sent(desk, request("MSFT", cycle_id=STOOD_DOWN, strategy_id=OPERATOR, leg=Leg.ENTRY))
    assert ("I1", f"{STOOD_DOWN}-MSFT-buy-entry") in found(desk)


async def repriced(quantity: str = "6", **more: object) -> FakeDesk:
    """A desk whose order was taken back after four of its ten shares, and went on with so many at another price."""
    desk = await bought(rests=True)
    first = desk.orders[BUY].request
    taken_back = advance(desk.orders[BUY], OrderState.CANCELLED)
    desk.orders[BUY] = taken_back
    desk.record([order_moved(first, OrderState.CANCELLED, None, after(7))])
    booked(desk, "4", "part")
    changes = {"client_order_id": REST, "quantity": Decimal(quantity), "replaces": BUY}
    sent(desk, first.model_copy(update=changes | more))
    return desk


def booked(desk: FakeDesk, quantity: str, name: str) -> None:
    """A fill of the order that was taken back."""
    first = desk.orders[BUY].request
    part = fill(first, quantity, fill_id=name)
    desk.fills.append(part)
    desk.record([trade_executed(first, part)])
    told = advance(Order(request=first, state=OrderState.ACCEPTED), OrderState.CANCELLED)
    desk.orders[BUY] = settle(told, [one for one in desk.fills if one.client_order_id == BUY])


async def test_an_order_that_goes_on_at_another_price_is_of_the_same_decision() -> None:
    assert found(await repriced()) == []


async def test_all_that_they_fill_is_no_more_than_was_decided() -> None:
    desk = await repriced("7")
    (more,) = audit(desk.books(), desk.broker())
    assert more == Finding(invariant="I1", about=REST, found="filled 11 with what it replaces, decided 10")


async def test_a_fill_that_crossed_the_taking_back_is_counted() -> None:
    desk = await repriced()
    booked(desk, "1", "crossing")
    assert found(desk) == [("I1", REST)]


async def test_what_goes_on_is_not_larger_than_the_decision_even_before_it_fills() -> None:
    desk = await repriced()
    name, order = REST, desk.orders[REST]
    larger = order.request.model_copy(update={"quantity": Decimal(11)})
    desk.orders[name] = order.model_copy(update={"request": larger, "state": OrderState.PARTIALLY_FILLED})
    assert ("I1", REST) in found(desk)


@pytest.mark.parametrize("replaces", [BUY, None])
async def test_only_an_order_that_goes_on_with_another_is_no_second_order_of_its_decision(
    replaces: str | None,
) -> None:
    desk = await repriced(replaces=replaces)
    assert found(desk) == ([] if replaces else [("I13", CYCLE)])
