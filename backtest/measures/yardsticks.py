"""What a run is held against: the same cash in one symbol, or in all of them, bought at the first open and kept.

Of prices that are not adjusted, splits change the shares that are kept, and dividends are kept as cash.
"""

from __future__ import annotations

import numpy as np

from backtest.data.panel import Column, Days, Panel
from trading.backtest_plan import Plan
from trading.corporate_actions import ActionKind


def benchmark_of(panel: Panel, plan: Plan, days: Days) -> Column | None:
    """Dollars at each close of the traded days, all in the benchmark; None without one or where the data lack it."""
    if plan.benchmark is None or plan.benchmark not in panel.symbols:
        return None
    return _kept(panel, plan, days, [panel.symbols.index(plan.benchmark)])


def held_of(panel: Panel, plan: Plan, days: Days) -> Column:
    """Dollars at each close of the days that were traded, in equal parts of its symbols."""
    return _kept(panel, plan, days, sorted({panel.symbols.index(symbol) for symbol in plan.symbols}))


def _kept(panel: Panel, plan: Plan, days: Days, chosen: list[int]) -> Column:
    """A part each; it stays cash until its symbol's first open and is worth the newest close from then on. No costs."""
    traded = np.isin(panel.days, days)
    part = float(plan.cash) / len(chosen)
    total = np.zeros(len(days))
    for symbol in chosen:
        opens, closes = panel.open[traded, symbol], panel.close[traded, symbol]
        bars = np.flatnonzero(np.isfinite(closes))
        worth = np.full(len(closes), part)
        if len(bars):
            newest = np.maximum.accumulate(np.where(np.isfinite(closes), np.arange(len(closes)), 0))
            shares, paid = _since(panel, symbol, panel.days[traded][bars[0] :])
            worth[bars[0] :] = part / opens[bars[0]] * (shares * closes[newest[bars[0] :]] + paid)
        total += worth
    return total


def _since(panel: Panel, symbol: int, days: Days) -> tuple[Column, Column]:
    """What a share of the first day has become on each: so many shares, and so many dollars.

    One that the opening of the first day has behind it changes nothing.
    """
    shares, paid = np.ones(len(days)), np.zeros(len(days))
    for action in panel.actions:
        after = np.flatnonzero(days >= np.datetime64(action.ex_on, "D"))
        if action.symbol != panel.symbols[symbol] or not len(after) or not after[0]:
            continue
        if action.kind is ActionKind.SPLIT:
            shares[after] *= float(action.ratio or 1)
        elif action.kind is ActionKind.DIVIDEND:
            paid[after] += shares[after[0] - 1] * float(action.amount_usd or 0)
    return shares, paid
