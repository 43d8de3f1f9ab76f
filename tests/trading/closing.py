"""A desk of a few sessions to be closed, each of its records made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from tests.making import DESK, deposit, fill, request
from trading.adjustments import Adjustment
from trading.closing import DailyClose, Due, KeptLine, Missing, Tallies
from trading.closing_books import History, Past, Seen, close_of, kept_of
from trading.closing_strategies import kept_line
from trading.instruments import Side
from trading.orders import Fill
from trading.portfolio import CapitalEvent
from trading.sessions import Session

MONDAY = date(2026, 11, 16)
OPENING = deposit("100000.00", occurred_at=datetime(2026, 11, 16, 12, tzinfo=UTC))
# Two orders of one strategy and one of a person, in two symbols.
ORDERS = (
    request("AAPL", "100", Side.BUY, mark="50"),
    request("AAPL", "100", Side.SELL, mark="50", cycle_id="paper/cycle-2"),
    request("MSFT", "50", Side.BUY, mark="40"),
    request("MSFT", "50", Side.SELL, mark="40", strategy_id="operator", cycle_id="paper/cycle-3"),
)


def bell(number: int) -> datetime:
    """The closing bell of session number so many."""
    return datetime(MONDAY.year, MONDAY.month, MONDAY.day, 21, tzinfo=UTC) + timedelta(days=number)


def due(number: int) -> Due:
    """Session number so many, from Monday on."""
    closes_at = bell(number)
    opens_at = closes_at - timedelta(hours=6, minutes=30)
    session = Session(session_on=closes_at.date(), opens_at=opens_at, closes_at=closes_at)
    return Due(session=session, until_at=closes_at)


def traded(which: int, day: int, quantity: str, price: str, **more: object) -> Fill:
    """A fill of one of the orders, an hour before the bell of a session."""
    at = bell(day) - timedelta(hours=1)
    return fill(ORDERS[which], quantity, price, **{"filled_at": at, "fill_id": f"fill-{which}-{day}", **more})


def paid(day: int, amount: str, kind: str = "deposit", **more: object) -> CapitalEvent:
    """Cash that came or went two hours before the bell of a session."""
    fields = {"capital_event_id": f"paid-{day}-{amount}", "occurred_at": bell(day) - timedelta(hours=2), "kind": kind}
    return deposit(amount, **{**fields, **more})


def history(
    fills: Sequence[Fill] = (),
    capital: Sequence[CapitalEvent] = (),
    adjustments: Sequence[Adjustment] = (),
    counted: Tallies = Tallies(),  # noqa: B008  frozen
) -> History:
    """Books that begin with 100,000 dollars."""
    orders = {one.client_order_id: one for one in ORDERS}
    return History(DESK, [OPENING, *capital], orders, fills, adjustments, counted)


def priced(**prices: str | None) -> Seen:
    """What the market says at a bell; None is no price."""
    return Seen("fake", {s: Decimal(p) if p else Missing(symbol=s, reason="no bar") for s, p in prices.items()})


def closed(past: Sequence[DailyClose]) -> Past:
    """These closes as the next one sees them."""
    known = [one for one in past if one.equity is not None]
    lines: dict[str, list[KeptLine]] = {}
    for close in known:
        for line in close.strategies:
            kept = kept_line(close, line)
            lines.setdefault(line.strategy_id, []).extend([kept] if kept else [])
    return Past([kept_of(one) for one in past], known[-1] if known else None, lines)


def lived(histories: Sequence[History], prices: Sequence[Mapping[str, str | None]]) -> list[DailyClose]:
    """One session closed after the other, each from its own books."""
    closes: list[DailyClose] = []
    for number, (books, seen) in enumerate(zip(histories, prices, strict=True)):
        closes.append(close_of(books, due(number), priced(**seen), closed(closes)))
    return closes
