"""Whatever is held has the stop that its entry asked for; what is missing or no longer fits is named with its order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.fakes.bookkeeping import folded
from tests.making import AT, DESK, after, deposit, fill, order, request, these
from trading.adjustments import Adjustment, AdjustmentKind
from trading.books import Books
from trading.instruments import Side
from trading.orders import Fill, Leg, Order, OrderKind, OrderState, TimeInForce
from trading.protection import outgrown, positions_have_stops, unprotected

NOW = AT + timedelta(days=5)
ENTRY = order(request("AAPL", "10", stop="90", target="120"))
SECOND = order(request("AAPL", "6", stop="95", cycle_id="paper/cycle-2"))
E, E2 = ENTRY.request.client_order_id, SECOND.request.client_order_id
BOUGHT = fill(ENTRY.request, "10")
BOUGHT_MORE = fill(SECOND.request, "6", filled_at=after(1))
SPLIT = Adjustment(
    adjustment_id="split-1",
    desk_id=DESK,
    symbol="AAPL",
    kind=AdjustmentKind.SPLIT,
    ratio=Decimal(4),
    effective_at=after(100),
    evidence="ex",
)


def stop(quantity: str = "10", entry: Order = ENTRY, name: str = "0f-1", **more: object) -> Order:
    """A resting stop of an entry, under the name that the broker gave it."""
    fields: dict[str, object] = {"client_order_id": name, "parent_id": entry.request.client_order_id}
    price = f"{entry.request.stop}"
    return order(request("AAPL", quantity, Side.SELL, leg=Leg.STOP, kind="stop", stop_price=price, **(fields | more)))


def selling(quantity: str, state: OrderState = OrderState.ACCEPTED) -> Order:
    return order(request("AAPL", quantity, Side.SELL, cycle_id="paper/cycle-8"), state)


def sold(by: Order, quantity: str, minute: float = 10) -> Fill:
    return fill(by.request, quantity, filled_at=after(minute))


def books(orders: Iterable[Order], fills: Iterable[Fill], *adjustments: Adjustment) -> Books:
    return folded(orders, fills, [deposit()], adjustments)


def bare(held: Books) -> list[tuple[str, int]]:
    return [(one.entry.client_order_id, int(one.quantity)) for one in unprotected(held, NOW)]


def unfit(held: Books) -> list[tuple[str, int | None]]:
    return [(one.client_order_id, int(one.order.quantity) if one.order else None) for one in outgrown(held, NOW)]


CASES = {
    "nothing is held": ([ENTRY], [], []),
    "a filled entry without its stop": ([ENTRY], [BOUGHT], [(E, 10)]),
    "a filled entry with its stop": ([ENTRY, stop()], [BOUGHT], []),
    "an entry that asked for none": ([order(request("AAPL", "10"))], [BOUGHT], []),
    "an entry that is still open": ([ENTRY], [fill(ENTRY.request, "4")], []),
    "an entry that ended in part": (
        [ENTRY.model_copy(update={"state": OrderState.CANCELLED})],
        [fill(ENTRY.request, "4")],
        [(E, 4)],
    ),
    "a stop that was cancelled": (
        [ENTRY, stop().model_copy(update={"state": OrderState.CANCELLED})],
        [BOUGHT],
        [(E, 10)],
    ),
    "a stop that is only intended": ([ENTRY, stop().model_copy(update={"state": OrderState.INTENDED})], [BOUGHT], []),
    "a stop for a part": ([ENTRY, stop("7")], [BOUGHT], [(E, 3)]),
    "a stop that filled in part": ([ENTRY, stop()], [BOUGHT, sold(stop(), "4")], []),
    "an open exit of all": ([ENTRY, selling("10")], [BOUGHT], []),
    "an open exit of a part": ([ENTRY, selling("4")], [BOUGHT], [(E, 6)]),
    "an exit that ended": ([ENTRY, selling("4", OrderState.CANCELLED)], [BOUGHT], [(E, 10)]),
    "an exit that filled": ([ENTRY, selling("4")], [BOUGHT, sold(selling("4"), "4")], [(E, 6)]),
    "all sold": ([ENTRY, selling("10")], [BOUGHT, sold(selling("10"), "10")], []),
    "two entries, one with its stop": ([ENTRY, SECOND, stop()], [BOUGHT, BOUGHT_MORE], [(E2, 6)]),
    "an exit takes the oldest": (
        [ENTRY, SECOND, selling("12")],
        [BOUGHT, BOUGHT_MORE, sold(selling("12"), "12")],
        [(E2, 4)],
    ),
    "a stop takes its own": (
        [ENTRY, SECOND, stop("6", SECOND)],
        [BOUGHT, BOUGHT_MORE, sold(stop("6", SECOND), "6")],
        [(E, 10)],
    ),
    "an exit beside a stop leaves no more to sell": (
        [ENTRY, SECOND, stop(), selling("4")],
        [BOUGHT, BOUGHT_MORE],
        [(E2, 2)],
    ),
    "an exit of shares that asked for no stop": (
        [order(request("AAPL", "10", cycle_id="paper/cycle-0")), SECOND, selling("4")],
        [fill(request("AAPL", "10", cycle_id="paper/cycle-0"), "10"), BOUGHT_MORE],
        [(E2, 6)],
    ),
}


@pytest.mark.parametrize(("orders", "fills", "found"), CASES.values(), ids=CASES)
def test_what_is_held_without_a_stop_is_named(
    orders: list[Order], fills: list[Fill], found: list[tuple[str, int]]
) -> None:
    held = books(orders, fills)
    assert bare(held) == found
    assert [(one.invariant, one.about) for one in positions_have_stops(held)] == [("P1", name) for name, _ in found]


def test_the_stop_that_is_to_be_made_protects_what_the_entry_asked_for() -> None:
    (found,) = unprotected(books([ENTRY], [BOUGHT]), NOW)
    assert these(found.symbol, found.quantity, found.stop, found.target) == these("AAPL", 10, 90, 120)
    made = found.order
    assert (made.leg, made.kind, made.side, made.time_in_force) == (
        Leg.STOP,
        OrderKind.STOP,
        Side.SELL,
        TimeInForce.GTC,
    )
    assert these(made.quantity, made.stop_price, made.limit_price, made.stop, made.target) == these(
        10, 90, None, None, None
    )
    assert (made.parent_id, made.as_of, made.cycle_id, made.sector) == (E, NOW, ENTRY.request.cycle_id, "Technology")


GONE = {"state": OrderState.CANCELLED}


@pytest.mark.parametrize(
    ("before", "name"),
    [
        ([], f"{E}-stop"),
        (["0f-1"], f"{E}-stop.2"),
        ([f"{E}-stop"], f"{E}-stop.2"),
        (["0f-1", f"{E}-stop.2"], f"{E}-stop.3"),
        ([f"{E}-stop.{number}" for number in range(2, 11)], f"{E}-stop.11"),
    ],
)
def test_a_stop_is_named_after_the_newest_before_it(before: list[str], name: str) -> None:
    gone = [stop(name=one).model_copy(update=GONE) for one in before]
    (found,) = unprotected(books([ENTRY, *gone], [BOUGHT]), NOW)
    assert found.order.client_order_id == name
    assert unprotected(books([ENTRY, *gone, order(found.order)], [BOUGHT]), NOW) == ()


def test_through_a_split_shares_and_prices_are_those_of_today() -> None:
    (found,) = unprotected(books([ENTRY], [BOUGHT], SPLIT), NOW)
    assert these(found.quantity, found.stop, found.target) == these(40, Decimal("22.50"), 30)
    assert these(found.order.quantity, found.order.stop_price) == these(40, Decimal("22.50"))


def test_a_stop_price_through_a_split_is_one_that_can_be_sent() -> None:
    thirds = SPLIT.model_copy(update={"ratio": Decimal(7)})
    (found,) = unprotected(books([ENTRY], [BOUGHT], thirds), NOW)
    assert found.stop == Decimal("12.86")


def test_a_stop_from_before_a_split_is_to_be_replaced_not_added_to() -> None:
    held = books([ENTRY, stop()], [BOUGHT], SPLIT)
    (found,) = outgrown(held, NOW)
    assert found.order is not None
    assert these(found.resting, found.order.quantity, found.order.stop_price) == these(10, 40, Decimal("22.50"))
    assert (found.order.replaces, found.order.client_order_id) == ("0f-1", f"{E}-stop.2")
    assert unprotected(held, NOW) == ()
    assert [(one.invariant, one.about) for one in positions_have_stops(held)] == [("P1", E)]
    remade = [ENTRY, stop().model_copy(update=GONE), order(found.order)]
    assert (bare(books(remade, [BOUGHT], SPLIT)), unfit(books(remade, [BOUGHT], SPLIT))) == ([], [])


UNFIT = {
    "one that fits": ([stop()], [], []),
    "one that is too small": ([stop("7")], [], []),
    "after an exit of a part": ([stop(), selling("4")], [sold(selling("4"), "4")], [("0f-1", 6)]),
    "after an exit of all": ([stop(), selling("10")], [sold(selling("10"), "10")], [("0f-1", None)]),
    "while the exit is open": ([stop(), selling("4")], [], []),
    "after it filled in part itself": ([stop()], [sold(stop(), "4")], []),
    "of two, the newest": (
        [stop("6"), stop("4", name="0f-2", as_of=after(5)), selling("3")],
        [sold(selling("3"), "3")],
        [("0f-2", 1)],
    ),
    "of two, both": (
        [stop("6"), stop("4", name="0f-2", as_of=after(5)), selling("6")],
        [sold(selling("6"), "6")],
        [("0f-1", 4), ("0f-2", None)],
    ),
}


@pytest.mark.parametrize(("orders", "fills", "found"), UNFIT.values(), ids=UNFIT)
def test_a_stop_that_sells_more_than_is_left_is_to_shrink(
    orders: list[Order], fills: list[Fill], found: list[tuple[str, int | None]]
) -> None:
    assert unfit(books([ENTRY, *orders], [BOUGHT, *fills])) == found


def test_a_stop_grows_beside_an_entry_that_is_still_open() -> None:
    assert unfit(books([ENTRY, stop("10")], [fill(ENTRY.request, "4")])) == []


def test_a_stop_from_before_a_split_that_protects_nothing_any_more_is_only_to_go() -> None:
    held = books([ENTRY, stop(), selling("10")], [BOUGHT, sold(selling("10"), "10")], SPLIT)
    assert (unfit(held), list(positions_have_stops(held))) == ([("0f-1", None)], [])


def test_of_two_stops_from_before_a_split_one_follows() -> None:
    held = books([ENTRY, stop("6"), stop("4", name="0f-2", as_of=after(5))], [BOUGHT], SPLIT)
    assert unfit(held) == [("0f-1", 40), ("0f-2", None)]


def test_a_short_position_is_protected_by_a_purchase() -> None:
    entry = order(request("AAPL", "10", Side.SELL, leg=Leg.ENTRY, stop="110"))
    (found,) = unprotected(books([entry], [fill(entry.request, "10")]), NOW)
    assert these(found.order.side, found.order.quantity, found.order.stop_price) == these(Side.BUY, 10, 110)


def test_shares_that_a_person_took_over_need_no_stop_and_those_given_up_are_the_oldest() -> None:
    more = Adjustment.model_validate(
        {
            "adjustment_id": "a",
            "desk_id": DESK,
            "symbol": "AAPL",
            "kind": "adoption",
            "quantity": "5",
            "cost": "500.00",
            "effective_at": after(50),
            "evidence": "accepted",
        }
    )
    assert bare(books([ENTRY], [BOUGHT], more)) == [(E, 10)]
    less = more.model_copy(update={"quantity": Decimal(-4)})
    assert bare(books([ENTRY], [BOUGHT], less)) == [(E, 6)]
