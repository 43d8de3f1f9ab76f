"""The values in Alpaca's JSON. What is not plainly one raises `Unreadable`: an answer that is guessed at is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from adapters.alpaca_wire import moment
from trading.money import CENT

NEW_YORK = ZoneInfo("America/New_York")
PRICE_STEP = Decimal("0.000001")
"""What a price is kept to; executions have at most four decimals, averages more."""
MOST_DIGITS = 40
MOST_AMOUNT = Decimal("1e15")

T = TypeVar("T")
Row = Mapping[str, Any]


class Unreadable(Exception):
    """An answer that is not what was asked for."""


def row(value: object, what: str) -> Row:
    """A JSON object."""
    if not isinstance(value, dict):
        raise Unreadable(f"no {what} but {type(value).__name__}")
    return value


def rows(value: object, what: str) -> list[Row]:
    """A JSON array of objects."""
    if not isinstance(value, list):
        raise Unreadable(f"no list of {what}s but {type(value).__name__}")
    return [row(each, what) for each in value]


def said(of: Row, name: str) -> str:
    """A text that is not empty."""
    value = of.get(name)
    if not isinstance(value, str) or not value:
        raise Unreadable(f"{name} is missing")
    return value


def words(of: Row, name: str) -> str:
    """A text, empty when there is none."""
    value = of.get(name)
    return value if isinstance(value, str) else ""


def number(of: Row, name: str) -> Decimal:
    """A finite number within reason, as a text or as a JSON number."""
    value = of.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float) or len(str(value)) > MOST_DIGITS:
        raise Unreadable(f"{name} is missing or no number")
    try:
        read = Decimal(str(value))
    except InvalidOperation:
        raise Unreadable(f"{name} is no number") from None
    if not read.is_finite() or abs(read) > MOST_AMOUNT:
        raise Unreadable(f"{name} is no number within reason")
    return read


def maybe(read: Callable[[Row, str], T], of: Row, name: str) -> T | None:
    """A value that may be null or absent, and is as wrong as any other when it is neither."""
    return None if of.get(name) is None else read(of, name)


def price(of: Row, name: str) -> Decimal:
    """Dollars a share, to the millionth."""
    return number(of, name).quantize(PRICE_STEP, rounding=ROUND_HALF_EVEN)


def dollars(of: Row, name: str) -> Decimal:
    """Dollars, rounded to the cent."""
    return number(of, name).quantize(CENT, rounding=ROUND_HALF_EVEN)


def dollars_at_most(of: Row, name: str) -> Decimal:
    """Dollars to spend: what is less than a cent is none."""
    return number(of, name).quantize(CENT, rounding=ROUND_DOWN)


def flag(of: Row, name: str) -> bool:
    """Yes or no, said as such."""
    value = of.get(name)
    if not isinstance(value, bool):
        raise Unreadable(f"{name} is neither true nor false")
    return value


def time(of: Row, name: str) -> datetime:
    """A time with its zone."""
    try:
        return moment(said(of, name))
    except (ValueError, OverflowError):
        raise Unreadable(f"{name} is no time with a zone") from None


def day(of: Row, name: str) -> datetime:
    """The beginning of a day in New York."""
    try:
        on = date.fromisoformat(said(of, name)[:10])
    except ValueError:
        raise Unreadable(f"{name} is no day") from None
    return datetime(on.year, on.month, on.day, tzinfo=NEW_YORK).astimezone(UTC)
