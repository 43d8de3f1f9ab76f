"""From files or a provider of prices to a panel: what is wrong with the data is mended, told, or refused by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from backtest.panel import Panel
from trading.ports import Calendar, Market


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which bars a run is about.

    `symbols` None is all that there are; `beside` are loaded where there are any and make no day of their own (the
    benchmark). Days from `from_on` to `to_on`, both included, None as far as there are bars; `warm_up` is how many
    sessions before them come along.
    """

    symbols: tuple[str, ...] | None = None
    from_on: date | None = None
    to_on: date | None = None
    warm_up: int = 0
    beside: tuple[str, ...] = ()


def load_panel(source: Path, wanted: Wanted) -> Panel:
    """A panel of daily bars from a folder or one file, Parquet or CSV.

    Raises BadConfiguration for dates that cannot be or that the data do not have, UnknownSymbol with near names,
    BadMarketData for a file that cannot be read or contradicts itself.
    """
    raise NotImplementedError((source, wanted))


async def ask_panel(market: Market, calendar: Calendar, wanted: Wanted) -> Panel:
    """A panel of what a provider of prices tells; `wanted` names symbols and both dates. Raises as `load_panel` does."""
    raise NotImplementedError((market, calendar, wanted))
