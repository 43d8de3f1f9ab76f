"""The sessions that a plan trades, and the bars of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from backtest.data.panel import Panel
from trading.backtest_plan import Plan
from trading.errors import BadConfiguration
from trading.market import Bar
from trading.ports import Calendar
from trading.sessions import Session

MOST_SYMBOLS = 100
"""That one cycle looks at; more are for the columns engine."""
_PLACES = 6


@dataclass(frozen=True, slots=True)
class Day:
    """A session to be traded: its row in the panel, and the symbols that have no bar after it."""

    row: int
    session: Session
    last: frozenset[str]

    @property
    def on(self) -> date:
        """Its date."""
        return self.session.session_on


class DayBars(Mapping[str, Bar]):
    """The bars of one row of a panel, made when they are asked for: prices to the sixth decimal."""

    def __init__(self, panel: Panel, row: int) -> None:
        self._panel = panel
        self._row = row

    def __getitem__(self, symbol: str) -> Bar:
        """The bar of a symbol. Raises KeyError where it has none."""
        column = int(np.searchsorted(self._panel.symbols, symbol))
        if column >= len(self._panel.symbols) or self._panel.symbols[column] != symbol or not self._has(column):
            raise KeyError(symbol)
        prices = {name: self._price(name, column) for name in ("open", "high", "low", "close")}
        volume = int(self._panel.volume[self._row, column])
        return Bar(session_on=self._panel.days[self._row].item(), volume=volume, **prices)

    def __iter__(self) -> Iterator[str]:
        """The symbols that have one."""
        return (symbol for column, symbol in enumerate(self._panel.symbols) if self._has(column))

    def __len__(self) -> int:
        """How many there are."""
        return int(np.isfinite(self._panel.close[self._row]).sum())

    def _has(self, column: int) -> bool:
        return bool(np.isfinite(self._panel.close[self._row, column]))

    def _price(self, name: str, column: int) -> Decimal:
        return Decimal(repr(round(float(getattr(self._panel, name)[self._row, column]), _PLACES)))


def days_of(panel: Panel, plan: Plan, calendar: Calendar) -> tuple[Day, ...]:
    """The panel's days between the plan's dates on which the exchange traded, oldest first.

    Raises BadConfiguration when there is none, when the panel lacks a symbol, and for more symbols than a cycle takes.
    """
    missing = sorted(set(plan.symbols) - set(panel.symbols))
    if missing:
        raise BadConfiguration(f"the data have no bars of {', '.join(missing)}")
    if len(plan.symbols) > MOST_SYMBOLS:
        raise BadConfiguration(f"{len(plan.symbols)} symbols: whole cycles look at {MOST_SYMBOLS} at most")
    first, last = (np.datetime64(day, "D") for day in (plan.from_on, plan.to_on))
    start, end = np.searchsorted(panel.days, first), np.searchsorted(panel.days, last, side="right")
    ends = _ends(panel)
    sessions = ((row, calendar.session(panel.days[row].item())) for row in range(int(start), int(end)))
    found = tuple(Day(row, session, ends.get(row, frozenset())) for row, session in sessions if session is not None)
    if not found:
        covered = f"{panel.days[0]} to {panel.days[-1]}" if len(panel.days) else "none"
        raise BadConfiguration(f"no session from {plan.from_on} to {plan.to_on}: the data cover {covered}")
    return found


def _ends(panel: Panel) -> dict[int, frozenset[str]]:
    """The symbols whose bars end at a row before the panel's own end."""
    found: dict[int, set[str]] = {}
    for column, symbol in enumerate(panel.symbols):
        rows = np.flatnonzero(np.isfinite(panel.close[:, column]))
        if len(rows) and rows[-1] < len(panel.days) - 1:
            found.setdefault(int(rows[-1]), set()).add(symbol)
    return {row: frozenset(symbols) for row, symbols in found.items()}
