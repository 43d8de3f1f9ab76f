"""A panel and a plan as the kernel wants them: the plan's symbols and days alone, gaps filled, numbers for words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from backtest.columns.kernel import ENTER, LEAVE, Bars, Events, Tape
from backtest.data.panel import Column, Days, Panel
from trading.backtest_plan import Plan
from trading.errors import BadConfiguration, BadMarketData, BadRule
from trading.rules.averages import running
from trading.rules.columns import History, Wishes

DAYS_A_YEAR = 365
_WIDEST = 252
"""Sessions of the longest average that is compared in whole numbers."""


@dataclass(frozen=True)
class Ground:
    """D days of N symbols in the panel's order; `history` begins with the warm-up, `start` days earlier."""

    plan: Plan
    days: Days
    symbols: tuple[str, ...]
    sectors: tuple[str, ...]
    present: NDArray[np.bool_]
    bars: Bars
    history: History
    start: int

    @classmethod
    def of(cls, panel: Panel, plan: Plan) -> Ground:
        """What a plan is about. Raises BadConfiguration for symbols or days that the panel does not have."""
        chosen = _chosen(panel, plan)
        start, end = (int(panel.days.searchsorted(day)) for day in _span(plan))
        if start >= end:
            raise BadConfiguration(f"there is no session from {plan.from_on} to {plan.to_on} in the data")
        opens, high, low, close = (a[:end, chosen] for a in (panel.open, panel.high, panel.low, panel.close))
        present = np.isfinite(close)
        if not np.isfinite(opens[present]).all():
            raise BadMarketData("a bar has a close and no open")
        return cls(
            plan=plan,
            days=panel.days[start:end],
            symbols=tuple(panel.symbols[i] for i in chosen),
            sectors=tuple(panel.sectors[i] for i in chosen),
            present=present[start:],
            bars=Bars(
                opens=np.where(present, opens, np.nan)[start:].copy(),
                closes=np.ascontiguousarray(np.nan_to_num(filled_forward(close)[start:])),
                accrual=_accrual(panel.days[start:end], float(plan.frictions.cash_rate)),
            ),
            history=History(high=high, low=low, close=close),
            start=start,
        )

    @cached_property
    def barred(self) -> NDArray[np.bool_]:
        """The symbols that may not be bought, [N]."""
        restricted = self.plan.limits.restricted_symbols if self.plan.limits else ()
        return np.isin(self.symbols, restricted)

    @cached_property
    def tape(self) -> Tape | None:
        """For the exact averages of many runs; None where the prices are no whole numbers of any small unit."""
        days, symbols = self.history.close.shape
        sums = np.zeros((symbols, days + 1), np.int64)
        where = np.zeros((symbols, days), np.int64)
        for symbol, (rows, close) in enumerate(self._own_closes()):
            found = running(close, _WIDEST)
            if found is None:
                return None
            sums[symbol, : len(found)] = found
            where[symbol, : len(rows)] = rows - self.start
        return Tape(sums, where, np.isfinite(self.history.close).sum(axis=0))

    def events(self, wishes: Wishes) -> Events:
        """What is wanted by day: only where there is a bar, and nothing that may not be bought."""
        shape = self.history.close.shape
        if wishes.enter.shape != shape or wishes.leave.shape != shape:
            raise BadRule(f"{self.plan.strategy}: wishes of the shape {wishes.enter.shape}, the bars are {shape}")
        kind = ENTER * (wishes.enter[self.start :] & ~self.barred) + LEAVE * wishes.leave[self.start :].astype(np.int64)
        flat = np.flatnonzero(kind * self.present)
        day, symbol = np.divmod(flat, len(self.symbols))
        if wishes.rank is None:
            return Events(day, symbol, kind.ravel()[flat])
        rank = wishes.rank[self.start :].ravel()[flat]
        order = np.lexsort((symbol, -rank, day))
        return Events(day[order], symbol[order], kind.ravel()[flat][order])

    def _own_closes(self) -> Iterator[tuple[NDArray[np.int64], Column]]:
        for symbol in range(len(self.symbols)):
            close = self.history.close[:, symbol]
            rows = np.flatnonzero(np.isfinite(close))
            yield rows, close[rows]


def filled_forward(prices: Column) -> Column:
    """[T, N] with each gap at the newest price before it; NaN before the first."""
    newest = np.where(np.isfinite(prices), np.arange(len(prices))[:, None], 0)
    np.maximum.accumulate(newest, axis=0, out=newest)
    found: Column = np.take_along_axis(prices, newest, axis=0)
    return found


def _span(plan: Plan) -> tuple[np.datetime64, np.datetime64]:
    return np.datetime64(plan.from_on, "D"), np.datetime64(plan.to_on, "D") + 1


def _chosen(panel: Panel, plan: Plan) -> list[int]:
    missing = [symbol for symbol in plan.symbols if symbol not in panel.symbols]
    if missing:
        raise BadConfiguration(f"the data have no {', '.join(missing)}")
    return sorted({panel.symbols.index(symbol) for symbol in plan.symbols})


def _accrual(days: Days, rate: float) -> Column:
    """What cash earns from one close to the next open: calendar days over a year."""
    passed = np.diff(days, prepend=days[:1]).astype(np.int64)
    return passed * rate / DAYS_A_YEAR
