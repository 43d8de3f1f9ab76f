"""What is traded: symbols, and the few facts of a company that the limits need."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

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
