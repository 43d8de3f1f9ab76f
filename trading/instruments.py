"""What is traded: symbols, and the few facts of a company that the limits need."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints, TypeAdapter, ValidationError

from trading.errors import BadConfiguration
from trading.money import Record

Symbol = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{0,5}([.-][A-Z]{1,2})?$")]
"""An exchange ticker in ASCII capitals, such as `AAPL` or `BRK.B`; look-alike letters do not match."""

UNKNOWN_SECTOR = "Unknown"


class Side(StrEnum):
    """Which way an order trades."""

    BUY = "buy"
    SELL = "sell"


class Instrument(Record):
    """A listed share or fund. `sector` is a GICS sector, `ETF`, or `Unknown` (a bucket of its own for the limit)."""

    symbol: Symbol
    name: str = ""
    sector: str = UNKNOWN_SECTOR


_TICKER = TypeAdapter(Symbol)


def tickers(words: Iterable[str]) -> tuple[str, ...]:
    """Symbols in capitals, each once. Raises BadConfiguration with what is no ticker."""
    symbols = tuple(dict.fromkeys(word.strip().upper() for word in words if word.strip()))
    wrong = [symbol for symbol in symbols if not _is_ticker(symbol)]
    if wrong:
        message = f"not a ticker: {', '.join(map(repr, wrong))} (one looks like AAPL or BRK.B)"
        raise BadConfiguration(message)
    return symbols


def _is_ticker(symbol: str) -> bool:
    try:
        _TICKER.validate_python(symbol, strict=True)
    except ValidationError:
        return False
    return True
