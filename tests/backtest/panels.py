"""Panels for tests: the repository's sample, made-up prices, and panels cut or changed from a day on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from adapters.exchange_calendar import ExchangeCalendar
from adapters.sectors import read_instruments
from backtest.data.panel import Panel

SAMPLE = Path(__file__).parents[2] / "data"
CALENDAR = ExchangeCalendar("XNYS", until=date(2017, 11, 10))
COLUMNS = ("open", "high", "low", "close", "volume")


@cache
def sample() -> Panel:
    """The sample of daily bars: twenty symbols, 320 sessions, none missing."""
    return read(SAMPLE / "sample_daily.parquet", SAMPLE / "sectors.csv")


def read(bars: Path, sectors: Path) -> Panel:
    """A dense file of daily bars as a panel."""
    table = pq.read_table(bars).sort_by([("symbol", "ascending"), ("date", "ascending")])
    symbols = tuple(sorted(set(table["symbol"].to_pylist())))
    days = np.unique(table["date"].to_numpy()).astype("datetime64[D]")
    known = read_instruments(sectors)
    columns = {name: table[name].to_numpy().astype(float).reshape(len(symbols), -1).T.copy() for name in COLUMNS}
    return Panel(days, symbols, **columns, sectors=tuple(known[s].sector for s in symbols), data_hash="sample")


def made_up(symbols: Sequence[str], sessions: int, seed: int = 7) -> Panel:
    """A random walk a symbol, to the cent, over the sessions before the sample's end."""
    days = [s.session_on for s in CALENDAR.sessions(date(2012, 1, 3), date(2017, 11, 10))][-sessions:]
    chance = np.random.default_rng(seed)
    close = np.round(50 * np.exp(np.cumsum(chance.normal(0.0003, 0.02, (sessions, len(symbols))), axis=0)), 2)
    opens = np.round(np.vstack([close[:1], close[:-1]]) * np.exp(chance.normal(0, 0.005, close.shape)), 2)
    spread = np.exp(np.abs(chance.normal(0, 0.01, close.shape)))
    return Panel(
        np.array(days, dtype="datetime64[D]"),
        tuple(symbols),
        open=opens,
        high=np.round(np.maximum(opens, close) * spread, 2),
        low=np.round(np.minimum(opens, close) / spread, 2),
        close=close,
        volume=np.round(chance.uniform(1e6, 5e6, close.shape)),
        sectors=("Unknown",) * len(symbols),
        data_hash=f"made up {seed}",
    )


def of(panel: Panel, symbols: Sequence[str]) -> Panel:
    """Some symbols of a panel."""
    chosen = [panel.symbols.index(symbol) for symbol in symbols]
    columns: dict[str, Any] = {name: np.ascontiguousarray(getattr(panel, name)[:, chosen]) for name in COLUMNS}
    return replace(panel, symbols=tuple(symbols), sectors=tuple(panel.sectors[c] for c in chosen), **columns)


def until(panel: Panel, row: int) -> Panel:
    """A panel that ends with a row, that row included."""
    columns: dict[str, Any] = {name: getattr(panel, name)[: row + 1].copy() for name in COLUMNS}
    return replace(panel, days=panel.days[: row + 1], **columns)


def day(panel: Panel, row: int) -> date:
    """The date of a row."""
    found: date = panel.days[row].item()
    return found
