"""From files or a provider of prices to a panel: what is wrong with the data is mended, told, or refused by name."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adapters import sectors
from adapters.actions_file import read_actions
from adapters.daily_files import ACTIONS
from backtest.data.bar_files import names_in, read_rows
from backtest.data.bar_rows import BarRows
from backtest.data.cautions import counted, told
from backtest.data.cleaning import cleaned, faults_of
from backtest.data.panel import Caution, Panel
from backtest.data.panel_of_rows import panel_of, with_actions
from backtest.data.suspicions import suspicions
from trading.bars import Bars
from trading.corporate_actions import ActionKind, CorporateAction
from trading.errors import BadConfiguration, BadMarketData, UnknownSymbol
from trading.instruments import UNKNOWN_SECTOR
from trading.market import Adjustment
from trading.ports import Calendar, Market
from trading.snapshots import last_completed


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

    @property
    def all_symbols(self) -> tuple[str, ...] | None:
        """Those to be read; None when it is all."""
        return None if self.symbols is None else tuple(dict.fromkeys((*self.symbols, *self.beside)))


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known beside the bars: where they come from, sectors by symbol, actions, and what was odd on the way."""

    source: str
    sectors: Mapping[str, str]
    actions: tuple[CorporateAction, ...] = ()
    cautions: tuple[Caution, ...] = ()


def load_panel(source: Path, wanted: Wanted) -> Panel:
    """A panel of daily bars from a folder or one file, Parquet or CSV.

    `sectors.csv` and `actions.csv` are read where they lie beside the bars. Raises BadConfiguration for dates that
    cannot be or that the data do not have, UnknownSymbol with near names, BadMarketData for a file that cannot be read
    or contradicts itself.
    """
    _refuse_dates(wanted)
    rows, ignored = read_rows(source, wanted.all_symbols)
    unknown = sorted(set(wanted.symbols or ()) - set(rows.names))
    if unknown:
        raise UnknownSymbol(f"no bars of {_near(unknown, names_in(source))} in {source}")
    folder = source if source.is_dir() else source.parent
    known = _Known(str(source), _sectors(folder), _actions(folder), ignored)
    return _assembled(rows, wanted, known)


async def ask_panel(market: Market, calendar: Calendar, wanted: Wanted) -> Panel:
    """A panel of what a provider of prices tells; `wanted` names symbols and both dates.

    Splits and dividends that its prices are not adjusted for come along. Raises as `load_panel` and the market do.
    """
    _refuse_dates(wanted)
    if not (wanted.symbols and wanted.from_on and wanted.to_on):
        raise BadConfiguration(f"the market {market.name} is asked for symbols from one day to another: name them")
    closed = last_completed(calendar, datetime.combine(wanted.to_on, time.max, tzinfo=UTC))
    sessions = _sessions(calendar, wanted.from_on, closed.session_on) + wanted.warm_up
    symbols = wanted.all_symbols or ()
    told_of = {one: facts.sector for one, facts in (await market.instruments(symbols)).items()}
    answer = await market.bars(symbols, closed.closes_at, max(sessions, 1))
    bars = {symbol: its for symbol, its in answer.items() if isinstance(its, Bars) and len(its)}
    silent = [(one, _why(answer.get(one), market.name)) for one in symbols if one not in bars]
    if not set(bars) & set(wanted.symbols):
        raise BadConfiguration(f"the market {market.name} has no bars of {', '.join(wanted.symbols)}: {silent[0][1]}")
    cautions = told("no_bars", silent)
    if market.synthetic:
        cautions += (Caution(code="synthetic", reason="no exchange ever made these prices: they are simulated"),)
    rows = BarRows.of_bars(bars)
    actions = await _market_actions(market, tuple(bars), wanted)
    return await asyncio.to_thread(_assembled, rows, wanted, _Known(market.name, told_of, actions, cautions))


def _assembled(rows: BarRows, wanted: Wanted, known: _Known) -> Panel:
    rows, absent = _windowed(rows, wanted, known.source)
    rows, mended = cleaned(rows, known.source)
    traded = rows.day if wanted.symbols is None else rows.day[rows.indices(wanted.symbols)]
    panel = panel_of(rows, np.unique(traded), known.sectors)
    panel = with_actions(panel, known.actions)
    unknown = [(one, "") for one, sector in zip(panel.symbols, panel.sectors, strict=True) if sector == UNKNOWN_SECTOR]
    cautions = (*known.cautions, *absent, *mended, *suspicions(panel), *_without_sector(unknown, panel))
    return replace(panel, cautions=cautions)


def _windowed(rows: BarRows, wanted: Wanted, source: str) -> tuple[BarRows, tuple[Caution, ...]]:
    """The rows from the first day that warms up to the last that is traded, and whom that leaves without bars."""
    sound = ~np.logical_or.reduce(list(faults_of(rows).values()))
    traded = sound if wanted.symbols is None else sound & rows.indices(wanted.symbols)
    days = np.unique(rows.day[traded])
    if not len(days):
        raise BadMarketData(f"{source}: of {len(rows)} bars none can be traded on")
    # Where no day is asked for, bad bars at either end are a part of the data that somebody should hear of.
    first = int(rows.day.min()) if wanted.from_on is None else _number(wanted.from_on)
    last = int(rows.day.max()) if wanted.to_on is None else _number(wanted.to_on)
    start, end = np.searchsorted(days, first), np.searchsorted(days, last, side="right")
    if start >= end:
        asked = (("from", wanted.from_on), ("to", wanted.to_on))
        words = " ".join(f"{word} {day}" for word, day in asked if day is not None)
        raise BadConfiguration(f"{source} has no bars {words}: it has {_day(days[0])} to {_day(days[-1])}")
    warm = min(first, int(days[max(int(start) - wanted.warm_up, 0)]))
    within = (rows.day >= first) & (rows.day <= last) & sound
    has_bars = np.bincount(rows.symbol[within], minlength=len(rows.names)) > 0
    absent = [(rows.names[n], _elsewhere(rows, int(n), sound)) for n in np.flatnonzero(~has_bars)]
    kept = (rows.day >= warm) & (rows.day <= last) & has_bars[rows.symbol]
    return rows.where(kept), (*told("no_bars", absent), *_cold(wanted, int(start)))


def _cold(wanted: Wanted, before: int) -> tuple[Caution, ...]:
    if wanted.warm_up or not before:
        return ()
    reason = f"{counted(before, 'session')} before the first day are left out: averages begin with the run"
    return (Caution(code="cold_start", reason=reason),)


def _elsewhere(rows: BarRows, symbol: int, sound: NDArray[np.bool_]) -> str:
    days = rows.day[(rows.symbol == symbol) & sound]
    where = f"its own go from {_day(days.min())} to {_day(days.max())}" if len(days) else "none of its own is sound"
    return f"has no bar between these dates and is left out: {where}"


def _refuse_dates(wanted: Wanted) -> None:
    if wanted.from_on and wanted.to_on and wanted.from_on > wanted.to_on:
        raise BadConfiguration(f"from {wanted.from_on} is after to {wanted.to_on}")


def _near(unknown: Sequence[str], names: Sequence[str]) -> str:
    """What is unknown, each with what it may have been meant as."""
    words = []
    for symbol in unknown:
        near = get_close_matches(symbol, names, cutoff=0.5)
        words.append(f"{symbol} (near: {', '.join(near)})" if near else symbol)
    return ", ".join(words)


def _without_sector(unknown: Sequence[tuple[str, str]], panel: Panel) -> tuple[Caution, ...]:
    if not unknown:
        return ()
    which = (
        "no symbol has" if len(unknown) == len(panel.symbols) else f"{', '.join(one for one, _ in unknown)}: without"
    )
    reason = f"{which} a known sector, so the limit of a sector holds for all of them together"
    return (Caution(code="unknown_sector", reason=reason),)


def _sectors(folder: Path) -> dict[str, str]:
    path = folder / sectors.FILE_NAME
    found = sectors.read_instruments(path) if path.exists() else {}
    return {symbol: instrument.sector for symbol, instrument in found.items()}


def _actions(folder: Path) -> tuple[CorporateAction, ...]:
    path = folder / ACTIONS
    return read_actions(path) if path.exists() else ()


async def _market_actions(market: Market, symbols: Sequence[str], wanted: Wanted) -> tuple[CorporateAction, ...]:
    """What the market's prices are not adjusted for, oldest first."""
    if market.adjustment is Adjustment.ALL or wanted.from_on is None or wanted.to_on is None:
        return ()
    since, until = (datetime.combine(day, time.min, tzinfo=UTC) for day in (wanted.from_on, wanted.to_on))
    kinds = {ActionKind.DIVIDEND} | ({ActionKind.SPLIT} if market.adjustment is Adjustment.RAW else set())
    listed = await market.actions(symbols, since, until)
    found = [action for actions in listed.values() for action in actions if action.kind in kinds]
    return tuple(sorted(found, key=lambda one: (one.ex_on, one.kind, one.symbol)))


def _sessions(calendar: Calendar, first: date, last: date) -> int:
    days = ((first + timedelta(days=n)) for n in range((last - first).days + 1))
    return sum(calendar.session(day) is not None for day in days)


def _why(answer: object, market: str) -> str:
    return getattr(answer, "reason", None) or f"{market} has no bars of it"


def _number(day: date) -> int:
    return int(np.datetime64(day, "D").astype(np.int64))


def _day(number: int) -> np.datetime64:
    return np.datetime64(int(number), "D")
