"""An order whose limit the market has left goes on with its rest at a new price, as far from it as the first was."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.making import order, quote, request, these
from trading.instruments import Side
from trading.orders import Order, OrderKind, OrderState
from trading.repricing import limit_of, reprices_of, successor, to_tick


def limited(limit: str = "100.1", filled: str = "0", side: Side = Side.BUY, **more: Any) -> Order:
    asked = request(side=side, kind="limit", limit_price=limit, reprice_seconds=30, **more)
    return order(asked, OrderState.CANCELLED, filled)


@pytest.mark.parametrize(
    ("price", "side", "tick"),
    [
        ("100.001", Side.BUY, "100.01"),
        ("100.009", Side.SELL, "100"),
        ("100.01", Side.BUY, "100.01"),
        ("100.01", Side.SELL, "100.01"),
        ("1", Side.BUY, "1"),
        ("0.99991", Side.BUY, "1"),
        ("0.12341", Side.BUY, "0.1235"),
        ("0.12349", Side.SELL, "0.1234"),
        ("0.00001", Side.SELL, "0.0001"),
    ],
)
def test_a_price_goes_to_the_tick_that_fills_no_later(price: str, side: Side, tick: str) -> None:
    assert to_tick(Decimal(price), side) == Decimal(tick)


@pytest.mark.parametrize(
    ("mark", "side", "limit"),
    [
        ("100", Side.BUY, "100.10"),
        ("100", Side.SELL, "99.90"),
        ("33.33", Side.BUY, "33.37"),
        ("33.33", Side.SELL, "33.29"),
    ],
)
def test_a_limit_may_pay_the_offset_more_or_take_so_much_less(mark: str, side: Side, limit: str) -> None:
    assert limit_of(Decimal(mark), side, Decimal("0.001")) == Decimal(limit)


def test_what_is_left_goes_on_as_far_from_the_quote_as_the_first_was_from_its_mark() -> None:
    first = limited(filled="4")
    next_one = successor(first, first.request, quote(price="104"))
    assert next_one is not None
    name = first.request.client_order_id
    assert (next_one.client_order_id, next_one.replaces) == (f"{name}.2", name)
    assert these(next_one.quantity, next_one.limit_price) == (6, Decimal("104.11"))  # 104 × 1.001, up to the cent
    assert type(next_one).model_validate(next_one.model_dump()) == next_one
    changed = {"client_order_id", "quantity", "limit_price", "replaces"}
    assert next_one.model_dump(exclude=changed) == first.request.model_dump(exclude=changed)


def test_a_sale_goes_on_below_the_quote() -> None:
    first = limited("99.9", side=Side.SELL)
    next_one = successor(first, first.request, quote(price="96"))
    assert next_one is not None
    assert next_one.limit_price == Decimal("95.90")  # 96 × 0.999, down to the cent


def test_the_offset_stays_the_firsts_however_often_it_goes_on() -> None:
    first = known = limited()
    for price in ("102", "104", "110"):
        following = successor(known, first.request, quote(price=price))
        assert following is not None
        known = order(following, OrderState.CANCELLED)
    assert known.request.client_order_id.endswith(".4")
    assert these(known.request.mark, known.request.limit_price) == (
        100,
        limit_of(Decimal(110), Side.BUY, Decimal("0.001")),
    )


@pytest.mark.parametrize("ended", [limited(filled="10"), limited(filled="11"), order(request(), OrderState.CANCELLED)])
def test_nothing_goes_on_where_nothing_is_left_or_no_limit_was(ended: Order) -> None:
    assert successor(ended, ended.request, quote()) is None


@pytest.mark.parametrize("state", [OrderState.ACCEPTED, OrderState.PARTIALLY_FILLED, OrderState.UNKNOWN])
def test_nothing_goes_on_beside_an_order_that_may_still_fill(state: OrderState) -> None:
    resting = order(limited().request, state)
    assert successor(resting, resting.request, quote()) is None


def test_the_orders_before_it_are_counted_by_its_name() -> None:
    first = known = limited()
    counts = [reprices_of(first.request)]
    for _ in range(3):
        following = successor(known, first.request, quote())
        assert following is not None
        known = order(following, OrderState.CANCELLED)
        counts.append(reprices_of(following))
    assert counts == [0, 1, 2, 3]


def test_a_name_that_only_looks_numbered_is_no_successor() -> None:
    assert reprices_of(request(client_order_id="paper/cycle-1-X.7")) == 0
    assert reprices_of(request(client_order_id="paper/entry", replaces="stop", kind=OrderKind.MARKET)) == 0
