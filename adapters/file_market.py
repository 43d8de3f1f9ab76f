"""A folder of daily bars in Parquet or CSV files, asked as a market.

A file holds many symbols (columns symbol, date, open, high, low, close, volume) or one, named by the file (`AAPL.csv`,
no column symbol). Capitals in column names do not matter and further columns are left alone: `close` is taken as it is,
also beside an `adj_close`. A symbol in several files is taken whole from the one with most bars, of equals from the
first by name; files are never merged. Symbols that are no ticker (`^GSPC`) are passed over. A file is read when first
asked for, and what was read stays.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import numpy as np

from adapters import sectors
from adapters.daily_files import MEND, NEEDED, PRICES_AND_VOLUME, bar_files, is_ticker, read_daily
from adapters.listing import list_all, of_sectors
from adapters.looking import look_at
from trading.bars import Bars
from trading.corporate_actions import CorporateAction
from trading.errors import BadConfiguration, UnknownSymbol
from trading.instruments import Instrument
from trading.market import Adjustment, Dropped, Quote, read_quote
from trading.ports import Calendar
from trading.readings import Reading
from trading.snapshots import last_completed
from trading.universes import Listed


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a folder holds: the file that each symbol is taken from, the newest bar's day, and names passed over."""

    files: Mapping[str, Path]
    newest_on: date
    ignored: tuple[str, ...]


class FileMarket:
    """Prices as a folder of daily bars tells them.

    A bar is complete at its session's close. The quote is the close of the last complete bar, for bid, ask and last
    alike, rounded to four decimals (half to even) and quoted at that session's closing bell. Raises BadConfiguration
    for a folder without bars, BadMarketData with the name of a file that cannot be read.
    """

    def __init__(self, folder: Path, calendar: Calendar, *, adjustment: Adjustment = Adjustment.ALL) -> None:
        self.name = "file"
        self.synthetic = False
        self.historical = True
        self.adjustment = adjustment
        self._folder = folder
        self._calendar = calendar
        self._histories: dict[str, Bars] = {}
        self._reading = threading.RLock()

    async def catalogue(self) -> Catalogue:
        """What the folder holds."""
        return await asyncio.to_thread(self._contents)

    async def latest(self, now: datetime) -> datetime:
        """The close of the newest bar in the folder, or now when that is earlier."""
        newest_on = (await self.catalogue()).newest_on
        return min(now, self._close_of(newest_on)) if newest_on <= now.date() else now

    async def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Company facts from the folder's `sectors.csv`; without one every sector is unknown."""
        files = (await self.catalogue()).files
        unknown = sorted(set(symbols) - files.keys())
        if unknown:
            raise UnknownSymbol(f"no bars of {', '.join(unknown)} in {self._folder}, which has {len(files)} symbols")
        known = await asyncio.to_thread(self._read_instruments)
        return {symbol: known.get(symbol) or Instrument(symbol=symbol) for symbol in symbols}

    async def bars(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> Mapping[str, Bars]:
        """The last so many bars of sessions that had closed at `as_of`."""
        visible = await asyncio.to_thread(self._visible, symbols, as_of)
        return {symbol: bars.last(sessions) for symbol, bars in visible.items()}

    async def quotes(self, symbols: Sequence[str], as_of: datetime) -> Mapping[str, Quote | Dropped]:
        """The last close of each symbol at `as_of`."""
        visible = await asyncio.to_thread(self._visible, symbols, as_of)
        return {symbol: self._quote(symbol, visible.get(symbol)) for symbol in symbols}

    async def actions(
        self,
        symbols: Sequence[str],  # noqa: ARG002  the port's
        since: datetime,  # noqa: ARG002
        until: datetime,  # noqa: ARG002
    ) -> Mapping[str, Sequence[CorporateAction]]:
        """None: the prices of a folder are adjusted for what happened, or nobody knows."""
        return {}

    async def look(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> Reading:
        """Facts, bars and quotes for a snapshot."""
        return await look_at(self, symbols, as_of, sessions)

    async def assets(self, as_of: datetime, sectors: Sequence[str]) -> Sequence[Listed]:
        """Every symbol of the folder that trades: its newest bar is of the session that was complete at `as_of`."""
        names = sorted((await self.catalogue()).files)
        known = of_sectors((await self.instruments(names)).values(), sectors)
        return await list_all(self, known, as_of, last_completed(self._calendar, as_of).session_on)

    def _quote(self, symbol: str, bars: Bars | None) -> Quote | Dropped:
        if bars is None:
            return Dropped(symbol=symbol, code="missing", reason="no bar is complete yet")
        close = Decimal(repr(round(float(bars.close[-1]), 4)))
        return read_quote(symbol, (close, close, close), self._close_of(bars.last_session_on))

    def _close_of(self, day: date) -> datetime:
        """The closing bell of a day; of the session before it when a file has a bar on a holiday."""
        return self._calendar.last_session(datetime.combine(day, time.max, tzinfo=UTC)).closes_at

    def _visible(self, symbols: Sequence[str], as_of: datetime) -> dict[str, Bars]:
        completed_on = last_completed(self._calendar, as_of).session_on
        visible = {symbol: bars.until(completed_on) for symbol, bars in self._load(symbols).items()}
        return {symbol: bars for symbol, bars in visible.items() if len(bars)}

    def _load(self, symbols: Sequence[str]) -> dict[str, Bars]:
        with self._reading:
            files = self._catalogue.files
            wanted: dict[Path, list[str]] = {}
            for symbol in symbols:
                if symbol in files and symbol not in self._histories:
                    wanted.setdefault(files[symbol], []).append(symbol)
            for path, names in wanted.items():
                self._histories.update(_histories(path, names))
            return {symbol: self._histories[symbol] for symbol in symbols if symbol in self._histories}

    def _contents(self) -> Catalogue:
        with self._reading:
            return self._catalogue

    def _read_instruments(self) -> dict[str, Instrument]:
        with self._reading:
            return self._instruments

    @cached_property
    def _catalogue(self) -> Catalogue:
        return _catalogue(self._folder)

    @cached_property
    def _instruments(self) -> dict[str, Instrument]:
        path = self._folder / sectors.FILE_NAME
        return sectors.read_instruments(path) if path.exists() else {}


def _catalogue(folder: Path) -> Catalogue:
    best: dict[str, tuple[int, Path]] = {}
    newest: list[date] = []
    ignored: set[str] = set()
    for path in bar_files(folder):
        counts = read_daily(path, ("date",)).group_by("symbol").aggregate([("date", "count"), ("date", "max")])
        for symbol, count, last_on in zip(*(counts[name].to_pylist() for name in counts.column_names), strict=True):
            if not is_ticker(symbol):
                ignored.add(str(symbol))
                continue
            newest.append(last_on)
            if symbol not in best or count > best[symbol][0]:
                best[symbol] = (count, path)
    if not best:
        raise BadConfiguration(f"no daily bars in {folder}: {MEND}")
    files = {symbol: path for symbol, (_, path) in best.items()}
    return Catalogue(files, max(newest), tuple(sorted(ignored)))


def _histories(path: Path, symbols: Iterable[str]) -> dict[str, Bars]:
    table = read_daily(path, NEEDED, symbols).sort_by([("symbol", "ascending"), ("date", "ascending")])
    days = table["date"].to_numpy().astype("datetime64[D]")
    columns = [days, *(table[name].to_numpy() for name in PRICES_AND_VOLUME)]
    for column in columns:
        column.flags.writeable = False  # slices of it are handed out for as long as the process lives
    every = Bars(*columns)
    names = np.asarray(table["symbol"].to_pylist(), dtype=object)
    return {
        symbol: every.between(int(np.searchsorted(names, symbol)), int(np.searchsorted(names, symbol, side="right")))
        for symbol in symbols
    }
