"""Sessions that were missed are closed later as they would have been in time, and every close adds up to the cent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.making import DESK
from tests.trading.closing import bell, closed, due, history, lived, paid, traded
from trading.adjustments import Adjustment
from trading.closing import DailyClose
from trading.closing_books import History
from trading.money import ZERO
from trading.orders import Fill
from trading.portfolio import CapitalEvent

DAYS = 5
cents = st.integers(1, 20_000).map(lambda number: f"{Decimal(number) / 100}")
# Day, which order, shares in tenths, price, commission in cents, and whether a later day takes it back.
trades = st.tuples(st.integers(0, DAYS - 1), st.integers(0, 3), st.integers(1, 60), cents, st.integers(0, 99))
busts = st.one_of(st.none(), st.none(), st.none(), st.integers(1, 3))
flows = st.tuples(
    st.integers(0, DAYS - 1),
    st.sampled_from(["deposit", "withdrawal", "dividend", "fee", "cash_in_lieu"]),
    st.integers(1, 500_000),
    st.sampled_from([None, "AAPL", "MSFT"]),
)
changes = st.tuples(
    st.integers(0, DAYS - 1), st.sampled_from(["AAPL", "MSFT"]), st.sampled_from([None, "2", "0.5", "3"])
)
quoted = st.lists(st.tuples(st.one_of(cents, cents, cents, st.none()), cents), min_size=DAYS, max_size=DAYS)
Books = tuple[list[tuple[int, Fill]], list[tuple[int, CapitalEvent]], list[tuple[int, Adjustment]]]


def filled(script: list[tuple[tuple[int, int, int, str, int], int | None]]) -> list[tuple[int, Fill]]:
    """Fills by the day on which the books hear of them; a day in which one is taken back comes after its own."""
    told: list[tuple[int, Fill]] = []
    for number, ((day, which, tenths, price, commission), bust) in enumerate(script):
        paid_cents = f"{Decimal(commission) / 100}"
        one = traded(which, day, f"{Decimal(tenths) / 10}", price, fill_id=f"fill-{number}", commission=paid_cents)
        told.append((day, one))
        if bust is not None and day + bust < DAYS:
            back: dict[str, Any] = {"fill_id": f"bust-{number}", "reverses": one.fill_id}
            told.append((day + bust, one.model_copy(update={**back, "filled_at": bell(day + bust)})))
    return told


def moved(script: list[tuple[int, str, int, str | None]]) -> list[tuple[int, CapitalEvent]]:
    told: list[tuple[int, CapitalEvent]] = []
    for number, (day, kind, amount, symbol) in enumerate(script):
        dollars = f"{Decimal(amount if kind in {'deposit', 'dividend', 'cash_in_lieu'} else -amount) / 100}"
        told.append((day, paid(day, dollars, kind, capital_event_id=f"paid-{number}", symbol=symbol)))
    return sorted(told, key=lambda one: one[0])


def adjusted(script: list[tuple[int, str, str | None]]) -> list[tuple[int, Adjustment]]:
    return [
        (
            day,
            Adjustment.model_validate(
                {
                    "adjustment_id": f"adjustment-{number}",
                    "desk_id": DESK,
                    "symbol": symbol,
                    "effective_at": due(day).session.opens_at,
                    "evidence": "a script",
                    **({"kind": "split", "ratio": ratio} if ratio else {"kind": "adoption", "quantity": 3, "cost": 99}),
                }
            ),
        )
        for number, (day, symbol, ratio) in enumerate(script)
    ]


def known_by(books: Books, day: int) -> History:
    """The books as they are on the evening of a day."""
    fills, capital, adjustments = ([one for told, one in part if told <= day] for part in books)
    return history(fills, capital, adjustments)  # type: ignore[arg-type]


def adds_up(close: DailyClose, base: DailyClose | None) -> None:
    if close.gains is None or close.day_gains is None or close.equity is None:
        assert close.missing
        return
    assert close.gains.total == close.equity - close.paid_in == close.pnl.opening
    assert close.day_gains.total == close.pnl.day
    of_symbols = sum(close.symbol_gains.values(), ZERO)
    listed = sum((line.day or ZERO for line in close.symbols), ZERO)
    assert listed == of_symbols - sum((base.symbol_gains if base else {}).values(), ZERO)
    by_strategy = sum((line.gain or ZERO for line in close.strategies), ZERO)
    assert by_strategy + close.gains.other == close.gains.total
    days = sum((line.day or ZERO for line in close.strategies), ZERO)
    assert days == by_strategy - sum((line.gain or ZERO for line in base.strategies) if base else (), ZERO)
    assert sum((line.traded for line in close.strategies), ZERO) == close.tallies.traded
    assert 0 <= close.performance.drawdown <= close.performance.max_drawdown <= 1


def check(books: Books, quotes: list[tuple[str | None, str]]) -> None:
    prices: list[dict[str, str | None]] = [{"AAPL": one, "MSFT": other} for one, other in quotes]
    in_time = lived([known_by(books, day) for day in range(DAYS)], prices)
    made_up = lived([known_by(books, DAYS)] * DAYS, prices)
    assert made_up == in_time
    for number, close in enumerate(in_time):
        adds_up(close, closed(in_time[:number]).base)
        # A close is stored as JSON and read back: the ones after it stand on what was read.
        assert DailyClose.model_validate_json(close.model_dump_json()) == close


lives = given(
    fills=st.lists(st.tuples(trades, busts), max_size=15).map(filled),
    capital=st.lists(flows, max_size=6).map(moved),
    adjustments=st.lists(changes, max_size=3).map(adjusted),
    quotes=quoted,
)


@pytest.mark.faults
@lives
@examples(50, 250)
def test_lives_are_closed_later_as_in_time(
    fills: list[tuple[int, Fill]],
    capital: list[tuple[int, CapitalEvent]],
    adjustments: list[tuple[int, Adjustment]],
    quotes: list[tuple[str | None, str]],
) -> None:
    check((fills, capital, adjustments), quotes)


@pytest.mark.soak
@pytest.mark.timeout(900)
@lives
@settings(max_examples=5_000, deadline=None)
def test_five_thousand_lives_are_closed_later_as_in_time(
    fills: list[tuple[int, Fill]],
    capital: list[tuple[int, CapitalEvent]],
    adjustments: list[tuple[int, Adjustment]],
    quotes: list[tuple[str | None, str]],
) -> None:
    check((fills, capital, adjustments), quotes)
