"""Whatever fills arrive in whatever order, order, position, cash and trades are what a plain count makes of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from functools import reduce
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.making import DESK, after, deposit, fill, order, portfolio, request
from trading.audit import Books, cash_and_positions_balance, quantities_close
from trading.instruments import Side
from trading.money import ZERO
from trading.orders import OPEN, Fill, Order, OrderState, effective, settle
from trading.portfolio import Position, book_fill, cash_of, positions_of, postings
from trading.trades import trades_of

# Two orders in one symbol and one in another, each way.
REQUESTS = (
    request("AAPL", "10", Side.BUY),
    request("AAPL", "8", Side.SELL),
    request("MSFT", "5.5", Side.SELL, sector="Other"),
    request("AAPL", "3", Side.BUY, cycle_id="paper/cycle-2"),
)
OPENING = deposit("10000.00")

# Which order, how many tenths of a share, price in hundredths of a cent, commission in cents, minute.
parts = st.tuples(
    st.integers(0, 3), st.integers(1, 60), st.integers(1, 2_000_000), st.integers(-5, 200), st.integers(0, 9)
)
# What else becomes of a fill: it arrives again, the broker takes it back, or takes it back and sends it right.
fates = st.lists(st.sampled_from(["once", "once", "once", "twice", "bust", "corrected"]), min_size=20, max_size=20)
scripts = st.lists(parts, max_size=20)


def arrivals(script: list[tuple[int, int, int, int, int]], fates: list[str]) -> list[Fill]:
    """Every message the broker sends for a script, at most 30, in the order of the script."""
    sent: list[Fill] = []
    for number, ((which, tenths, price, commission, minute), fate) in enumerate(zip(script, fates, strict=False)):
        asked = REQUESTS[which]
        first = fill(
            asked,
            str(Decimal(tenths) / 10),
            str(Decimal(price) / 10_000),
            fill_id=f"fill-{number}",
            commission=str(Decimal(commission) / 100),
            filled_at=after(minute),
        )
        sent.append(first)
        if fate == "twice":
            sent.append(first)
        if fate in {"bust", "corrected"}:
            sent.append(first.model_copy(update={"fill_id": f"bust-{number}", "reverses": first.fill_id}))
        if fate == "corrected":
            sent.append(first.model_copy(update={"fill_id": f"right-{number}", "quantity": Decimal("0.1")}))
    return sent[:30]


def counted(fills: Iterable[Fill]) -> list[Fill]:
    """The oracle of what counts: each id once, neither taken back nor taking back."""
    kept: dict[str, Fill] = {one.fill_id: one for one in fills}
    for one in list(kept.values()):
        if one.reverses:
            kept.pop(one.reverses, None)
            kept.pop(one.fill_id)
    return list(kept.values())


def of(asked: Order, fills: Iterable[Fill]) -> list[Fill]:
    return [one for one in fills if one.client_order_id == asked.request.client_order_id]


def the_order_of_arrival_changes_nothing(fills: list[Fill], shuffled: list[Fill], told: OrderState) -> None:
    for asked in REQUESTS:
        known = order(asked, told)
        assert settle(known, of(known, shuffled)) == settle(known, of(known, fills))
    assert positions_of(shuffled) == positions_of(fills)
    assert cash_of([OPENING], shuffled) == cash_of([OPENING], fills)
    assert trades_of(shuffled) == trades_of(fills)


def orders_are_what_their_fills_add_up_to(fills: list[Fill], told: OrderState) -> None:
    for asked in REQUESTS:
        known = order(asked, told)
        settled = settle(known, of(known, fills))
        filled = sum((one.quantity for one in of(known, counted(fills))), ZERO)
        assert settled.filled_quantity == filled
        assert (settled.state is OrderState.FILLED) == (filled >= asked.quantity)
        if settled.state in OPEN:
            assert settled.leaves == asked.quantity - filled > 0
        else:
            assert settled.leaves == 0
        assert settle(settled, of(known, fills)) == settled


def the_books_balance_to_the_cent(fills: list[Fill]) -> None:
    cash, spent, held = OPENING.amount, defaultdict[str, Decimal](Decimal), defaultdict[str, Decimal](Decimal)
    for one in counted(fills):
        sign = 1 if one.side is Side.BUY else -1
        change = -sign * (one.quantity * one.price).quantize(Decimal("0.01")) - one.commission
        cash += change
        spent[one.symbol] += change
        held[one.symbol] += sign * one.quantity
        assert sum(postings(one).values()) == 0
    positions = positions_of(fills)
    assert cash_of([OPENING], fills) == cash
    assert {symbol: p.quantity for symbol, p in positions.items()} == held
    assert {symbol: p.realised_pnl - p.cost_basis for symbol, p in positions.items()} == spent
    assert all(p.cost_basis == 0 for p in positions.values() if p.quantity == 0)
    earned: dict[str, Decimal] = defaultdict(Decimal)
    for trade in trades_of(fills).values():
        earned[trade.symbol] += trade.realised_pnl
    assert {symbol: p.realised_pnl for symbol, p in positions.items()} == earned


def one_by_one_is_all_at_once(fills: list[Fill]) -> None:
    booked: dict[str, Position] = {}
    for one in sorted(counted(fills), key=lambda each: (each.filled_at, each.fill_id)):
        booked[one.symbol] = book_fill(booked.get(one.symbol) or Position(symbol=one.symbol, mark=one.price), one)
    assert booked == positions_of(fills)


def the_audit_agrees(fills: list[Fill]) -> None:
    orders = tuple(settle(order(asked), of(order(asked), fills)) for asked in REQUESTS)
    book = portfolio(f"{cash_of([OPENING], fills)}", *positions_of(fills).values())
    books = Books(desk_id=DESK, portfolio=book, capital=(OPENING,), orders=orders, fills=tuple(fills))
    assert list(cash_and_positions_balance(books)) == []
    over = [o.request.client_order_id for o in orders if o.filled_quantity > o.request.quantity]
    assert [(f.invariant, f.about) for f in quantities_close(books, {})] == [("I4", name) for name in over]


def check(fills: list[Fill], told: OrderState, random: Random) -> None:
    shuffled = random.sample(fills, len(fills))
    the_order_of_arrival_changes_nothing(fills, shuffled, told)
    orders_are_what_their_fills_add_up_to(fills, told)
    the_books_balance_to_the_cent(fills)
    one_by_one_is_all_at_once(fills)
    the_audit_agrees(fills)


@given(script=scripts, fates=fates, told=st.sampled_from(OrderState), random=st.randoms(use_true_random=False))
@settings(max_examples=1000, deadline=None)
def test_a_thousand_lives_of_fills_balance(
    script: list[tuple[int, int, int, int, int]], fates: list[str], told: OrderState, random: Random
) -> None:
    check(arrivals(script, fates), told, random)


@pytest.mark.faults
@given(script=scripts, fates=fates, told=st.sampled_from(OrderState), random=st.randoms(use_true_random=False))
@settings(max_examples=10_000, deadline=None)
def test_ten_thousand_lives_of_fills_balance(
    script: list[tuple[int, int, int, int, int]], fates: list[str], told: OrderState, random: Random
) -> None:
    check(arrivals(script, fates), told, random)


def test_the_fills_that_count_come_in_the_order_they_happened() -> None:
    late, early = (fill(REQUESTS[0], "1", fill_id=name, filled_at=after(at)) for name, at in (("a", 5), ("b", 1)))
    tied = late.model_copy(update={"fill_id": "0"})
    assert effective([late, tied, early, late]) == (early, tied, late)
    assert reduce(book_fill, effective([late, early]), Position(symbol="AAPL", mark=Decimal(1))).quantity == 2
