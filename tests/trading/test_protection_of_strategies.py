"""Stops of several strategies in one symbol: a sale takes the shares of its own strategy first, as the books do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.fakes.bookkeeping import folded
from tests.making import AT, DESK, after, deposit, fill, order, request
from trading.adjustments import Adjustment, AdjustmentKind
from trading.books import Books
from trading.instruments import Side
from trading.orders import OPERATOR, Fill, Leg, Order
from trading.protection import lots_of, outgrown, unprotected

NOW = AT + timedelta(days=5)


def entry(by: str, quantity: str = "10") -> Order:
    return order(request("AAPL", quantity, stop="90", strategy_id=by, cycle_id=f"paper/{by}"))


OLD, NEW = entry("agents"), entry("momentum")
BOUGHT = (fill(OLD.request), fill(NEW.request, filled_at=after(1)))


def stop(one: Order) -> Order:
    asked = one.request
    more = {"parent_id": asked.client_order_id, "client_order_id": f"{asked.client_order_id}-stop"}
    resting = {"leg": Leg.STOP, "kind": "stop", "stop_price": "90", "strategy_id": asked.strategy_id}
    return order(request("AAPL", f"{asked.quantity:f}", Side.SELL, **resting, **more))


def sale(by: str, quantity: str) -> Order:
    return order(request("AAPL", quantity, Side.SELL, strategy_id=by, cycle_id=f"paper/{by}-sells"))


def held(orders: Iterable[Order], fills: Iterable[Fill], *adjustments: Adjustment) -> Books:
    return folded(orders, fills, [deposit()], adjustments)


def left(books: Books) -> dict[str, Decimal]:
    """Shares by the strategy whose entry brought them."""
    whose = {one.request.client_order_id: one.request.strategy_id for one in books.orders}
    return {whose[lot.entry_id]: lot.quantity for lot in lots_of(books)["AAPL"]}


@pytest.mark.parametrize(
    ("by", "quantity", "expected"),
    [
        ("momentum", "6", {"agents": 10, "momentum": 4}),
        ("agents", "6", {"agents": 4, "momentum": 10}),
        ("momentum", "13", {"agents": 7}),
        (OPERATOR, "13", {"momentum": 7}),
        (OPERATOR, "6", {"agents": 4, "momentum": 10}),
    ],
)
def test_a_sale_takes_the_shares_of_its_own_strategy_first(by: str, quantity: str, expected: dict[str, int]) -> None:
    sold = sale(by, quantity)
    books = held([OLD, NEW, sold], [*BOUGHT, fill(sold.request, quantity, filled_at=after(2))])
    assert left(books) == expected


def test_the_stop_of_the_other_strategy_still_fits() -> None:
    sold = sale("momentum", "10")
    books = held([OLD, NEW, stop(OLD), stop(NEW), sold], [*BOUGHT, fill(sold.request, filled_at=after(2))])
    assert [one.client_order_id for one in outgrown(books, NOW)] == [stop(NEW).request.client_order_id]
    assert unprotected(books, NOW) == ()


def test_an_open_sale_leaves_the_other_strategy_bare_of_nothing() -> None:
    books = held([OLD, NEW, sale("momentum", "10")], BOUGHT)
    assert [(one.entry.strategy_id, int(one.quantity)) for one in unprotected(books, NOW)] == [("agents", 10)]
    by_a_person = held([OLD, NEW, sale(OPERATOR, "10")], BOUGHT)
    assert [one.entry.strategy_id for one in unprotected(by_a_person, NOW)] == ["momentum"]


def test_the_oldest_is_told_by_the_fill_and_not_by_the_entry() -> None:
    """An entry that filled in two parts has shares that are younger than those of another that came in between."""
    parts = [
        fill(OLD.request, "5"),
        fill(NEW.request, "10", filled_at=after(1)),
        fill(OLD.request, "5", filled_at=after(2), fill_id="late"),
    ]
    sold = sale(OPERATOR, "12")
    books = held([OLD, NEW, sold], [*parts, fill(sold.request, "12", filled_at=after(3))])
    assert left(books) == {"momentum": 3, "agents": 5}


def test_a_split_is_counted_up_by_strategy() -> None:
    """Three for two of 5, 5 and 5 shares: 7.5 of each would be 21 whole shares, counted up they are 22."""
    first, second, third = entry("agents", "5"), entry("momentum", "5"), entry("agents", "5")
    third = third.model_copy(update={"request": third.request.model_copy(update={"client_order_id": "third"})})
    bought = [fill(one.request, "5", filled_at=after(n)) for n, one in enumerate((first, second, third))]
    split = Adjustment(
        adjustment_id="split-1",
        desk_id=DESK,
        symbol="AAPL",
        kind=AdjustmentKind.SPLIT,
        ratio=Decimal("1.5"),
        effective_at=after(9),
        evidence="ex",
    )
    books = held([first, second, third], bought, split)
    lots = lots_of(books)["AAPL"]
    assert [lot.quantity for lot in lots] == [7, 7, 8]
    assert books.portfolio.held("AAPL") == 22


@pytest.mark.parametrize(("named", "expected"), [(None, {"": 3, "entry": 2}), ("momentum", {"entry": 5})])
def test_shares_that_were_taken_over_are_of_the_strategy_that_is_named(
    named: str | None, expected: dict[str, int]
) -> None:
    """A sale takes them first where they are its own strategy's, for they are older than those of the entry."""
    taken = Adjustment(
        adjustment_id="adopted",
        desk_id=DESK,
        symbol="AAPL",
        kind=AdjustmentKind.ADOPTION,
        quantity=Decimal(3),
        effective_at=AT - timedelta(days=1),
        evidence="a person",
        strategy_id=named,
    )
    sold = sale("momentum", "8")
    bought = fill(NEW.request, "10")
    books = held([NEW, sold], [bought, fill(sold.request, "8", filled_at=after(2))], taken)
    assert {lot.entry_id and "entry": lot.quantity for lot in lots_of(books)["AAPL"]} == expected
