"""Whatever fills arrive in whatever order, order, position, cash and trades are what a plain count makes of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from functools import reduce
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.making import DESK, after, deposit, fill, order, portfolio, request
from trading.adjustments import Adjustment
from trading.audit import Books, cash_and_positions_balance, quantities_close
from trading.instruments import Side
from trading.money import ZERO
from trading.orders import OPEN, Fill, Order, OrderState, effective, settle
from trading.portfolio import Position, book, book_fill, cash_of, first_position, positions_of, postings
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
# What else happens to a symbol: new shares for old, or shares taken over, and at which minute.
adjusting = st.lists(
    st.tuples(
        st.sampled_from(["AAPL", "AAPL", "MSFT"]),
        st.sampled_from([None, None, "4", "0.1", "1.5", "0.333333333333333333333333333", "7"]),
        st.booleans(),
        st.integers(-30, 30).filter(bool),
        st.integers(0, 9),
    ),
    max_size=4,
)


def adjustments(script: list[tuple[str, str | None, bool, int, int]]) -> list[Adjustment]:
    """The splits and adoptions of a script; an adopted share is said to have cost 12.34 dollars."""
    return [
        Adjustment.model_validate(
            {
                "adjustment_id": f"adjustment-{number}",
                "desk_id": DESK,
                "symbol": symbol,
                "effective_at": after(minute),
                "evidence": "a script",
                "fractions": fractions,
                **(
                    {"kind": "split", "ratio": ratio}
                    if ratio
                    else {"kind": "adoption", "quantity": quantity, "cost": Decimal("12.34") * quantity}
                ),
            }
        )
        for number, (symbol, ratio, fractions, quantity, minute) in enumerate(script)
    ]


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


def the_order_of_arrival_changes_nothing(told: Told, shuffled: Told, state: OrderState) -> None:
    for asked in REQUESTS:
        known = order(asked, state)
        assert settle(known, of(known, shuffled.fills)) == settle(known, of(known, told.fills))
    assert positions_of(*shuffled) == positions_of(*told)
    assert cash_of([OPENING], shuffled.fills) == cash_of([OPENING], told.fills)
    assert trades_of(*shuffled) == trades_of(*told)


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


def moments(told: Told) -> list[Fill | Adjustment]:
    """The oracle of what comes first: by the minute, adjustments before fills, then by name."""
    dated: list[tuple[datetime, int, str, Fill | Adjustment]] = []
    dated += [(one.effective_at, 0, one.adjustment_id, one) for one in told.adjustments]
    dated += [(one.filled_at, 1, one.fill_id, one) for one in counted(told.fills)]
    return [one for *_, one in sorted(dated, key=lambda each: each[:3])]


def the_books_balance_to_the_cent(told: Told) -> None:
    cash, spent, held = OPENING.amount, defaultdict[str, Decimal](Decimal), defaultdict[str, Decimal](Decimal)
    known: set[str] = set()
    for one in moments(told):
        if isinstance(one, Adjustment):
            if one.ratio is None:
                known.add(one.symbol)
                held[one.symbol] += one.quantity
                spent[one.symbol] -= one.cost
            elif one.symbol in known:
                step = Decimal("1e-9") if one.fractions else Decimal(1)
                # What 1 for 3 makes of 9 is 3, though the ratio has an end: a trillionth of a share is no loss.
                split = (held[one.symbol] * one.ratio).quantize(Decimal("1e-12"), ROUND_HALF_EVEN)
                held[one.symbol] = (split / step).quantize(Decimal(1), ROUND_DOWN) * step
            continue
        known.add(one.symbol)
        sign = 1 if one.side is Side.BUY else -1
        change = -sign * (one.quantity * one.price).quantize(Decimal("0.01")) - one.commission
        cash += change
        spent[one.symbol] += change
        held[one.symbol] += sign * one.quantity
        assert sum(postings(one).values()) == 0
    positions = positions_of(*told)
    assert cash_of([OPENING], told.fills) == cash
    assert {symbol: p.quantity for symbol, p in positions.items()} == {symbol: held[symbol] for symbol in known}
    assert {symbol: p.realised_pnl - p.cost_basis for symbol, p in positions.items()} == spent
    for position in positions.values():
        assert sum((lot.quantity for lot in position.lots), ZERO) == position.quantity
        assert sum((lot.cost for lot in position.lots), ZERO) == position.cost_basis
        assert all(lot.quantity * position.quantity >= 0 for lot in position.lots)
        assert [lot.opened_at for lot in position.lots] == sorted(lot.opened_at for lot in position.lots)
    earned: dict[str, Decimal] = defaultdict(Decimal)
    for trade in trades_of(*told).values():
        earned[trade.symbol] += trade.realised_pnl
    assert {symbol: p.realised_pnl for symbol, p in positions.items()} == {symbol: earned[symbol] for symbol in known}


def one_by_one_is_all_at_once(told: Told) -> None:
    booked: dict[str, Position] = {}
    for one in moments(told):
        before = booked.get(one.symbol) or first_position(one)
        if before is not None:
            booked[one.symbol] = book(before, one)
    assert booked == positions_of(*told)


def the_audit_agrees(told: Told) -> None:
    fills = told.fills
    orders = tuple(settle(order(asked), of(order(asked), fills)) for asked in REQUESTS)
    stated = portfolio(f"{cash_of([OPENING], fills)}", *positions_of(*told).values())
    books = Books(
        desk_id=DESK,
        portfolio=stated,
        capital=(OPENING,),
        orders=orders,
        fills=tuple(fills),
        adjustments=tuple(told.adjustments),
    )
    assert list(cash_and_positions_balance(books)) == []
    if not told.adjustments:
        over = [o.request.client_order_id for o in orders if o.filled_quantity > o.request.quantity]
        assert [(f.invariant, f.about) for f in quantities_close(books, {})] == [("I4", name) for name in over]


class Told(NamedTuple):
    """Everything that arrives, in the order in which it does."""

    fills: list[Fill]
    adjustments: list[Adjustment]

    def shuffled(self, random: Random) -> Told:
        fills, adjusted = self
        return Told(random.sample(fills, len(fills)), random.sample(adjusted, len(adjusted)))


def check(told: Told, state: OrderState, random: Random) -> None:
    the_order_of_arrival_changes_nothing(told, told.shuffled(random), state)
    orders_are_what_their_fills_add_up_to(told.fills, state)
    the_books_balance_to_the_cent(told)
    one_by_one_is_all_at_once(told)
    the_audit_agrees(told)


Script = list[tuple[int, int, int, int, int]]
Adjusting = list[tuple[str, str | None, bool, int, int]]
lives = given(
    script=scripts,
    fates=fates,
    adjusting=adjusting,
    state=st.sampled_from(OrderState),
    random=st.randoms(use_true_random=False),
)


@lives
@examples(60, 300)
def test_lives_of_fills_and_adjustments_balance(
    script: Script, fates: list[str], adjusting: Adjusting, state: OrderState, random: Random
) -> None:
    check(Told(arrivals(script, fates), adjustments(adjusting)), state, random)


@pytest.mark.soak
@pytest.mark.timeout(900)
@lives
@settings(max_examples=10_000, deadline=None)
def test_ten_thousand_lives_of_fills_and_adjustments_balance(
    script: Script, fates: list[str], adjusting: Adjusting, state: OrderState, random: Random
) -> None:
    check(Told(arrivals(script, fates), adjustments(adjusting)), state, random)


def test_the_fills_that_count_come_in_the_order_they_happened() -> None:
    late, early = (fill(REQUESTS[0], "1", fill_id=name, filled_at=after(at)) for name, at in (("a", 5), ("b", 1)))
    tied = late.model_copy(update={"fill_id": "0"})
    assert effective([late, tied, early, late]) == (early, tied, late)
    assert reduce(book_fill, effective([late, early]), Position(symbol="AAPL", mark=Decimal(1))).quantity == 2
