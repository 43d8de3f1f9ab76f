"""An order's life: every move that is legal, every other one refused, and fills that count whatever was said."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest
from pydantic import ValidationError

from tests.making import CYCLE, after, fill, order, request
from trading.errors import IllegalTransition
from trading.instruments import Side
from trading.money import Record
from trading.orders import (
    OPEN,
    TRANSITIONS,
    UNANSWERED,
    Fill,
    Leg,
    Order,
    OrderRequest,
    OrderState,
    Style,
    advance,
    client_order_id,
    effective,
    settle,
    successor_id,
)

S = OrderState
# Written out once more, so that a changed table is a changed test.
LEGAL = {
    (S.INTENDED, S.SUBMITTED),
    (S.SUBMITTED, S.UNKNOWN),
    *((S.UNKNOWN, to) for to in (S.ACCEPTED, S.PARTIALLY_FILLED, S.FILLED, S.CANCELLED, S.REJECTED, S.EXPIRED)),
    *((S.INTENDED, to) for to in (S.ACCEPTED, S.PARTIALLY_FILLED, S.FILLED, S.CANCELLED, S.REJECTED, S.EXPIRED)),
    *((S.SUBMITTED, to) for to in (S.ACCEPTED, S.PARTIALLY_FILLED, S.FILLED, S.CANCELLED, S.REJECTED, S.EXPIRED)),
    *((S.ACCEPTED, to) for to in (S.PARTIALLY_FILLED, S.FILLED, S.CANCELLED, S.REJECTED, S.EXPIRED)),
    *((S.PARTIALLY_FILLED, to) for to in (S.FILLED, S.CANCELLED, S.EXPIRED)),
    *((crossed, S.FILLED) for crossed in (S.CANCELLED, S.EXPIRED)),
}


@pytest.mark.parametrize(("start", "to"), [pair for pair in product(S, S) if pair[0] is not pair[1]])
def test_an_order_moves_only_where_its_state_leads(start: OrderState, to: OrderState) -> None:
    before = order(request(), start)
    if (start, to) in LEGAL:
        assert advance(before, to) == order(request(), to)
    else:
        with pytest.raises(IllegalTransition, match=f"{start} does not lead to {to}"):
            advance(before, to)


@pytest.mark.parametrize("state", S)
def test_saying_again_what_is_so_changes_nothing(state: OrderState) -> None:
    known = order(request(), state).model_copy(update={"broker_order_id": "b-1", "reason": "so"})
    assert advance(known, state) == known
    assert advance(known, state, broker_order_id="b-1", reason="so") == known


def test_every_state_has_its_place_in_the_table() -> None:
    assert set(TRANSITIONS) == set(S)
    assert {S.INTENDED, S.SUBMITTED, S.UNKNOWN, S.ACCEPTED, S.PARTIALLY_FILLED} == OPEN
    assert {S.INTENDED, S.SUBMITTED, S.UNKNOWN} == UNANSWERED


def test_a_move_keeps_what_is_known_and_adds_what_is_said() -> None:
    submitted = advance(order(request(), S.INTENDED), S.SUBMITTED, broker_order_id="b-1")
    cancelled = advance(submitted, S.CANCELLED, reason="too late")
    assert (cancelled.broker_order_id, cancelled.reason) == ("b-1", "too late")


@pytest.mark.parametrize("state", S)
def test_only_an_open_order_has_leaves(state: OrderState) -> None:
    known = order(request(quantity="10"), state, "4")
    assert known.is_open == (state in OPEN)
    assert known.leaves == (6 if state in OPEN else 0)


def test_an_over_filled_order_has_no_leaves() -> None:
    assert order(request(quantity="10"), S.ACCEPTED, "11").leaves == 0


@pytest.mark.parametrize(
    ("told", "filled", "settled"),
    [
        (S.ACCEPTED, "0", S.ACCEPTED),
        (S.ACCEPTED, "4", S.PARTIALLY_FILLED),
        (S.ACCEPTED, "10", S.FILLED),
        (S.ACCEPTED, "10.000000001", S.FILLED),
        (S.INTENDED, "4", S.PARTIALLY_FILLED),
        (S.SUBMITTED, "10", S.FILLED),
        (S.UNKNOWN, "0", S.UNKNOWN),
        (S.UNKNOWN, "4", S.PARTIALLY_FILLED),
        (S.UNKNOWN, "10", S.FILLED),
        (S.PARTIALLY_FILLED, "0", S.ACCEPTED),
        (S.FILLED, "0", S.ACCEPTED),
        (S.FILLED, "9", S.PARTIALLY_FILLED),
        (S.CANCELLED, "4", S.CANCELLED),
        (S.CANCELLED, "10", S.FILLED),
        (S.EXPIRED, "4", S.EXPIRED),
        (S.EXPIRED, "10", S.FILLED),
        (S.REJECTED, "0", S.REJECTED),
        (S.DENIED, "0", S.DENIED),
    ],
)
def test_fills_settle_what_was_told(told: OrderState, filled: str, settled: OrderState) -> None:
    asked = request(quantity="10")
    fills = [fill(asked, filled)] if filled != "0" else []
    found = settle(order(asked, told), fills)
    assert (found.state, found.filled_quantity) == (settled, Decimal(filled))


def test_a_fill_twice_counts_once_and_one_taken_back_not_at_all() -> None:
    asked = request(quantity="10")
    first, second = fill(asked, "4", fill_id="f-1"), fill(asked, "6", fill_id="f-2", filled_at=after(1))
    bust = second.model_copy(update={"fill_id": "f-3", "reverses": "f-2"})
    assert settle(order(asked), [first, first]).filled_quantity == 4
    assert settle(order(asked), [bust, first, second]) == order(asked, S.PARTIALLY_FILLED, "4")
    assert effective([bust, first, second]) == (first,)


@pytest.mark.parametrize(
    ("side", "sign", "cash"), [(Side.BUY, 1, Decimal("-334.35")), (Side.SELL, -1, Decimal("332.35"))]
)
def test_a_fill_moves_shares_and_cash(side: Side, sign: int, cash: Decimal) -> None:
    one = fill(request(side=side), "10", "33.335", commission="1.00")
    assert one.notional == Decimal("333.35")
    assert one.signed_quantity == 10 * sign
    assert one.cash_change == cash


def test_an_order_is_named_after_the_decision_that_made_it() -> None:
    names = {client_order_id(CYCLE, "AAPL", side, leg) for side, leg in product(Side, Leg)}
    assert len(names) == len(Side) * len(Leg)
    assert client_order_id(CYCLE, "AAPL", Side.BUY, Leg.ENTRY) == "paper/cycle-1-AAPL-buy-entry"


@pytest.mark.parametrize(
    ("name", "next_name"),
    [
        ("paper/cycle-1-AAPL-buy-entry", "paper/cycle-1-AAPL-buy-entry.2"),
        ("paper/cycle-1-AAPL-buy-entry.2", "paper/cycle-1-AAPL-buy-entry.3"),
        ("paper/cycle-1-AAPL-buy-entry.9", "paper/cycle-1-AAPL-buy-entry.10"),
        ("paper/cycle-1-BRK.B-buy-entry", "paper/cycle-1-BRK.B-buy-entry.2"),
    ],
)
def test_orders_that_follow_each_other_are_numbered(name: str, next_name: str) -> None:
    assert successor_id(name) == next_name


@pytest.mark.parametrize("broken", [{"offset": "1.1"}, {"offset": "-0.001"}, {"reprice_seconds": -1}, {"kind": "x"}])
def test_a_style_that_no_order_can_have_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Style.model_validate(broken)


INCOMPLETE: list[tuple[type[Record], Record, dict[str, object]]] = [
    (OrderRequest, request(), {"quantity": "0"}),
    (OrderRequest, request(), {"kind": "limit"}),
    (OrderRequest, request(), {"limit_price": "10"}),
    (OrderRequest, request(), {"kind": "stop"}),
    (OrderRequest, request(), {"stop_price": "10"}),
    (OrderRequest, request(), {"kind": "limit", "limit_price": "10", "stop_price": "10"}),
    (OrderRequest, request(), {"leg": "stop"}),
    (OrderRequest, request(), {"parent_id": "entry"}),
    (OrderRequest, request(), {"side": "short"}),
    (OrderRequest, request(), {"scores": {"risk": float("nan")}}),
    (Fill, fill(request()), {"quantity": "0"}),
    (Fill, fill(request()), {"price": "0"}),
    (Order, order(request()), {"state": "pending"}),
]


@pytest.mark.parametrize(("record", "sound", "broken"), INCOMPLETE)
def test_an_order_or_fill_that_contradicts_itself_is_refused(
    record: type[Record], sound: Record, broken: dict[str, object]
) -> None:
    with pytest.raises(ValidationError):
        record.model_validate(sound.model_dump() | broken)


@pytest.mark.parametrize(
    "complete",
    [
        {"kind": "limit", "limit_price": "10"},
        {"kind": "stop", "stop_price": "10"},
        {"leg": "target", "side": "sell", "parent_id": "entry"},
    ],
)
def test_one_that_is_complete_is_not(complete: dict[str, object]) -> None:
    assert OrderRequest.model_validate(request().model_dump() | complete)
