"""What a run is held against: the same cash in one symbol, or in all of them, bought at the first open and kept."""

from __future__ import annotations

import numpy as np

from backtest.panel import Column, Panel
from trading.backtest_plan import Plan


def benchmark_of(panel: Panel, plan: Plan) -> Column | None:
    """Dollars at each close of the plan's days, all in the benchmark; None without one or where the data lack it."""
    if plan.benchmark is None or plan.benchmark not in panel.symbols:
        return None
    return _kept(panel, plan, [panel.symbols.index(plan.benchmark)])


def held_of(panel: Panel, plan: Plan) -> Column:
    """Dollars at each close of the plan's days, in equal parts of its symbols."""
    return _kept(panel, plan, sorted({panel.symbols.index(symbol) for symbol in plan.symbols}))


def _kept(panel: Panel, plan: Plan, chosen: list[int]) -> Column:
    """A part each; it stays cash until its symbol's first open and is worth the newest close from then on. No costs."""
    days = (panel.days >= np.datetime64(plan.from_on, "D")) & (panel.days <= np.datetime64(plan.to_on, "D"))
    part = float(plan.cash) / len(chosen)
    total = np.zeros(int(days.sum()))
    for symbol in chosen:
        opens, closes = panel.open[days, symbol], panel.close[days, symbol]
        bars = np.flatnonzero(np.isfinite(closes))
        worth = np.full(len(closes), part)
        if len(bars):
            newest = np.maximum.accumulate(np.where(np.isfinite(closes), np.arange(len(closes)), 0))
            worth[bars[0] :] = part / opens[bars[0]] * closes[newest[bars[0] :]]
        total += worth
    return total
