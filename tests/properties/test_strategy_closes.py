"""What several strategies have at each bell sums to the desk's to the cent, and a day made up later is the same day."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.making import DESK, fill, request
from tests.trading.closing import OPENING, bell, closed, due, lived, paid
from trading.adjustments import Adjustment
from trading.closing import DailyClose, Tallies
from trading.closing_books import History
from trading.instruments import Side
from trading.money import ZERO
from trading.orders import Fill
from trading.portfolio import CapitalEvent
from trading.sleeves import Allocation

DAYS = 4
NAMES = ("agents", "breakout", "momentum")
ORDERS = [
    request(symbol, "100", side, mark="50", strategy_id=name, cycle_id=f"paper/{name}")
    for name in (*NAMES, "operator")
    for symbol in ("AAPL", "MSFT")
    for side in Side
]
dollars = st.integers(1, 20_000).map(lambda number: f"{Decimal(number) / 100}")
bought = st.tuples(st.integers(0, DAYS - 1), st.integers(0, len(ORDERS) - 1), st.integers(1, 60), dollars)
moved = st.tuples(st.integers(0, DAYS - 1), st.sampled_from(NAMES), st.integers(-400_000, 900_000))
KINDS = ("deposit", "withdrawal", "dividend", "fee", "cash_in_lieu", "interest")
flowed = st.tuples(
    st.integers(0, DAYS - 1), st.sampled_from(KINDS), st.integers(1, 500_000), st.sampled_from(["AAPL", "MSFT"])
)
split = st.tuples(st.integers(1, DAYS - 1), st.sampled_from(["AAPL", "MSFT"]), st.sampled_from(["2", "0.5", "3"]))
quoted = st.lists(st.tuples(st.one_of(dollars, dollars, st.none()), dollars), min_size=DAYS, max_size=DAYS)


def filled(script: list[tuple[int, int, int, str]]) -> list[Fill]:
    """An hour before the bell of their days."""
    made = []
    for number, (day, which, tenths, price) in enumerate(script):
        at = bell(day).replace(hour=20, minute=number)
        one = fill(ORDERS[which], f"{Decimal(tenths) / 10}", price, fill_id=f"fill-{number}", filled_at=at)
        made.append(one)
    return made


def allocated(script: list[tuple[int, str, int]]) -> list[Allocation]:
    return [
        Allocation(
            allocation_id=f"{DESK}/{name}-{number}",
            desk_id=DESK,
            strategy_id=name,
            amount=Decimal(amount or 1) / 100,
            allocation=Decimal("0.5"),
            desk_equity=Decimal(100_000),
            allocated_at=bell(day).replace(hour=15),
        )
        for number, (day, name, amount) in enumerate(script)
    ]


def flows(script: list[tuple[int, str, int, str]]) -> list[CapitalEvent]:
    made = []
    for number, (day, kind, amount, symbol) in enumerate(script):
        sign = -1 if kind in {"withdrawal", "fee"} else 1
        whose = symbol if kind in {"dividend", "cash_in_lieu"} else None
        made.append(paid(day, f"{sign * Decimal(amount) / 100}", kind, capital_event_id=f"c-{number}", symbol=whose))
    return sorted(made, key=lambda one: one.occurred_at)


def splits(script: list[tuple[int, str, str]]) -> list[Adjustment]:
    terms = {"desk_id": DESK, "kind": "split", "fractions": True, "evidence": "a script"}
    return [
        Adjustment.model_validate(
            {
                **terms,
                "adjustment_id": f"a-{number}",
                "symbol": symbol,
                "ratio": ratio,
                "effective_at": due(day).session.opens_at,
            }
        )
        for number, (day, symbol, ratio) in enumerate(script)
    ]


def until(books: History, day: int) -> History:
    """The books as they are on the evening of a day."""
    at = bell(day)
    return books._replace(
        capital=[one for one in books.capital if one is OPENING or one.occurred_at <= at],
        fills=[one for one in books.fills if one.filled_at <= at],
        adjustments=[one for one in books.adjustments if one.effective_at <= at],
        allocations=[one for one in books.allocations if one.allocated_at <= at],
    )


def sums_up(close: DailyClose, base: DailyClose | None) -> None:
    """Strategies and reserve together are the desk."""
    lines, reserve = close.strategies, close.reserve
    if reserve is None:
        assert all(line.equity is None and line.paid_in is None for line in lines)
        return
    assert sum((line.cash or ZERO for line in lines), ZERO) + reserve == close.cash
    if close.equity is None or close.gains is None:
        return
    assert sum((line.equity or ZERO for line in lines), ZERO) + reserve == close.equity
    assert sum((line.gain or ZERO for line in lines), ZERO) + close.gains.other == close.gains.total
    earned = sum((line.pnl.opening or ZERO for line in lines if line.pnl), ZERO)
    assert earned + nobodys(close) == close.pnl.opening
    if base is not None and base.reserve is not None:
        day = sum((line.pnl.day or ZERO for line in lines if line.pnl), ZERO)
        assert day + nobodys(close) - nobodys(base) == close.pnl.day
    for line in lines:
        assert line.max_drawdown is None or 0 <= (line.drawdown or 0) <= line.max_drawdown <= 1


def nobodys(close: DailyClose) -> Decimal:
    """What the reserve has earned: its cash, less what the owner paid in and did not pass on."""
    passed_on = sum((line.paid_in or ZERO for line in close.strategies), ZERO)
    return (close.reserve or ZERO) - (close.paid_in - passed_on)


def check(books: History, quotes: list[tuple[str | None, str]]) -> None:
    prices: list[dict[str, str | None]] = [{"AAPL": one, "MSFT": other} for one, other in quotes]
    in_time = lived([until(books, day) for day in range(DAYS)], prices)
    assert lived([books] * DAYS, prices) == in_time
    for number, close in enumerate(in_time):
        sums_up(close, closed(in_time[:number]).base)
        assert DailyClose.model_validate_json(close.model_dump_json()) == close


lives = given(
    fills=st.lists(bought, max_size=14).map(filled),
    allocations=st.lists(moved, max_size=6).map(allocated),
    capital=st.lists(flowed, max_size=5).map(flows),
    adjustments=st.lists(split, max_size=2).map(splits),
    quotes=quoted,
)


@lives
@examples(25, 100)
def test_lives_of_three_strategies_sum_to_the_desks(
    fills: list[Fill],
    allocations: list[Allocation],
    capital: list[CapitalEvent],
    adjustments: list[Adjustment],
    quotes: list[tuple[str | None, str]],
) -> None:
    orders = {one.client_order_id: one for one in ORDERS}
    check(History(DESK, [OPENING, *capital], orders, fills, adjustments, Tallies(), allocations), quotes)


@pytest.mark.soak
@pytest.mark.timeout(900)
@lives
@settings(max_examples=5_000, deadline=None)
def test_five_thousand_lives_of_three_strategies_sum_to_the_desks(
    fills: list[Fill],
    allocations: list[Allocation],
    capital: list[CapitalEvent],
    adjustments: list[Adjustment],
    quotes: list[tuple[str | None, str]],
) -> None:
    orders = {one.client_order_id: one for one in ORDERS}
    check(History(DESK, [OPENING, *capital], orders, fills, adjustments, Tallies(), allocations), quotes)
