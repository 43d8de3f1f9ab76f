"""The books at a session's bell, folded by whoever asks later, are the close that was kept of it: to the cent."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.test_closes import (
    DAYS,
    Books,
    adjusted,
    busts,
    changes,
    filled,
    flows,
    known_by,
    moved,
    quoted,
    trades,
)
from tests.trading.closing import bell, lived
from trading.adjustments import Adjustment
from trading.closing import DailyClose
from trading.orders import Fill
from trading.portfolio import CapitalEvent
from trading.statement_at import Seen, Source, statement_at


def seen_in(closes: list[DailyClose]) -> list[Seen]:
    return [
        Seen(one.closes_at, Source.CLOSE, {line.symbol: line.price for line in one.symbols if line.price is not None})
        for one in closes
    ]


@given(
    fills=st.lists(st.tuples(trades, busts), max_size=15).map(filled),
    capital=st.lists(flows, max_size=6).map(moved),
    adjustments=st.lists(changes, max_size=3).map(adjusted),
    quotes=quoted,
)
@settings(max_examples=150, deadline=None)
def test_a_hundred_and_fifty_lives_are_folded_to_their_closes(
    fills: list[tuple[int, Fill]],
    capital: list[tuple[int, CapitalEvent]],
    adjustments: list[tuple[int, Adjustment]],
    quotes: list[tuple[str | None, str]],
) -> None:
    books: Books = (fills, capital, adjustments)
    prices: list[dict[str, str | None]] = [{"AAPL": one, "MSFT": other} for one, other in quotes]
    closes = lived([known_by(books, day) for day in range(DAYS)], prices)
    seen, whole = seen_in(closes), known_by(books, DAYS)
    for number, close in enumerate(closes):
        statement = statement_at(whole, bell(number), close.until_at, seen)
        assert statement.cash == close.cash
        assert {one.position.symbol: one.position.quantity for one in statement.held} == {
            line.symbol: line.quantity for line in close.symbols if line.quantity
        }
        if close.equity is not None:
            assert statement.equity == close.equity
            assert close.gains is not None
            assert statement.realised == close.gains.realised
        before = statement_at(whole, bell(number) - timedelta(hours=3), close.until_at, seen)
        assert all(one.priced_at < bell(number) for one in before.held), "no price of later is known"
        assert statement.equity - statement.cash == sum((one.position.value for one in statement.held), Decimal(0))
