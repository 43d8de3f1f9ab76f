"""A panel asked as a market: of whatever moment it is asked, it knows what had been traded by then and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal

import numpy as np

from adapters.looking import look_at
from backtest.data.panel import Panel
from trading.bars import Bars
from trading.corporate_actions import CorporateAction
from trading.errors import UnknownSymbol
from trading.instruments import Instrument
from trading.market import Adjustment, Dropped, Quote, read_quote
from trading.ports import Calendar
from trading.readings import Reading
from trading.snapshots import last_completed

_COLUMNS = ("open", "high", "low", "close", "volume")
PLACES = 4
"""Decimals of a quote, as a folder of bars asked as a market has them."""


class PanelMarket:
    """The port `Market` over a panel, by the same words as `adapters/file_market.py`.

    A bar is complete at its session's close. The quote is the close of the last complete bar, for bid, ask and last
    alike, rounded to four decimals (half to even) and quoted at that session's closing bell.
    """

    name = "panel"
    synthetic = False
    historical = True

    def __init__(self, panel: Panel, calendar: Calendar) -> None:
        self.calendar = calendar
        self.listed = panel.actions
        # Prices of a panel with actions beside them are as they were traded.
        self.adjustment = Adjustment.RAW if panel.actions else Adjustment.ALL
        self._histories = {symbol: _history(panel, column) for column, symbol in enumerate(panel.symbols)}
        self._instruments = {
            symbol: Instrument(symbol=symbol, sector=sector)
            for symbol, sector in zip(panel.symbols, panel.sectors, strict=True)
        }
        self._newest_on = _day(panel.days[-1])
        self._quotes: dict[str, tuple[int, Quote | Dropped]] = {}
        self._completed: tuple[datetime, date] | None = None

    async def latest(self, now: datetime) -> datetime:
        """The close of the panel's newest bar, or now when that is earlier."""
        return min(now, self._close_of(self._newest_on))

    async def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Symbols with their sectors."""
        unknown = sorted(set(symbols) - self._instruments.keys())
        if unknown:
            message = f"no bars of {', '.join(unknown)} in the panel, which has {len(self._instruments)} symbols"
            raise UnknownSymbol(message)
        return {symbol: self._instruments[symbol] for symbol in symbols}

    async def bars(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> Mapping[str, Bars]:
        """The last so many bars of sessions that had closed at `as_of`."""
        ends = self._ends(symbols, as_of)
        return {symbol: self._histories[symbol].between(max(end - sessions, 0), end) for symbol, end in ends.items()}

    async def quotes(self, symbols: Sequence[str], as_of: datetime) -> Mapping[str, Quote | Dropped]:
        """The last close of each symbol at `as_of`."""
        ends = self._ends(symbols, as_of)
        return {symbol: self._quote(symbol, ends.get(symbol, 0)) for symbol in symbols}

    async def actions(
        self,
        symbols: Sequence[str],
        since: datetime,
        until: datetime,
    ) -> Mapping[str, Sequence[CorporateAction]]:
        """Those that the panel has beside its prices; none where prices are adjusted for what happened."""
        found: dict[str, list[CorporateAction]] = {}
        for action in self.listed:
            if action.symbol in symbols and since.date() <= action.ex_on <= until.date():
                found.setdefault(action.symbol, []).append(action)
        return found

    async def look(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> Reading:
        """Facts, bars and quotes for a snapshot."""
        return await look_at(self, symbols, as_of, sessions)

    def _ends(self, symbols: Sequence[str], as_of: datetime) -> dict[str, int]:
        """How many bars of each symbol are complete; those without any are left out."""
        day = np.datetime64(self._completed_on(as_of), "D")
        found: dict[str, int] = {}
        for symbol in symbols:
            history = self._histories.get(symbol)
            end = 0 if history is None else int(np.searchsorted(history.session_on, day, side="right"))
            if end:
                found[symbol] = end
        return found

    def _completed_on(self, as_of: datetime) -> date:
        if self._completed is None or self._completed[0] != as_of:
            self._completed = as_of, last_completed(self.calendar, as_of).session_on
        return self._completed[1]

    def _quote(self, symbol: str, end: int) -> Quote | Dropped:
        if not end:
            return Dropped(symbol=symbol, code="missing", reason="no bar is complete yet")
        known = self._quotes.get(symbol)
        if known is None or known[0] != end:
            known = self._quotes[symbol] = end, self._read(symbol, self._histories[symbol], end - 1)
        return known[1]

    def _read(self, symbol: str, history: Bars, row: int) -> Quote | Dropped:
        close = Decimal(repr(round(float(history.close[row]), PLACES)))
        day = _day(history.session_on[row])
        return read_quote(symbol, (close, close, close), self._close_of(day))

    def _close_of(self, day: date) -> datetime:
        """The closing bell of a day; of the session before it when the panel has a bar on a holiday."""
        return self.calendar.last_session(datetime.combine(day, time.max, tzinfo=UTC)).closes_at


def _history(panel: Panel, column: int) -> Bars:
    """One symbol's bars; the days on which it has none are left out."""
    there = np.isfinite(panel.close[:, column])
    columns = [panel.days[there], *(getattr(panel, name)[there, column] for name in _COLUMNS)]
    for one in columns:
        one.flags.writeable = False  # slices of it are handed out
    return Bars(*columns)


def _day(day: np.datetime64) -> date:
    found: date = day.astype("datetime64[D]").item()
    return found
