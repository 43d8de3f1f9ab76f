"""What many trials were worth, all at once: the few numbers by which they are told apart, as `trading/metrics.py` says.

A trial's own run has all of its metrics; a sweep of thousands needs these.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from trading.backtesting import Objective
from trading.performance import SESSIONS_A_YEAR, underwater
from trading.ratios import returns_of
from trading.resampling import indexes

Column = NDArray[np.float64]
Numbers = dict[str, float | None]
_NOTHING = 1e-12
"""What floats leave of nothing."""


def scores(equity: Column, start: float) -> dict[str, Column]:
    """Of equity [C, D] in dollars, each number [C]; NaN where it is not defined. `start` dollars were put in."""
    returns = returns_of(equity)
    count = returns.shape[1]
    mean = returns.mean(axis=1) if count else np.full(len(equity), np.nan)
    risk = returns.std(axis=1, ddof=1) if count > 1 else np.full(len(equity), np.nan)
    loss = np.sqrt(np.mean(np.minimum(returns, 0.0) ** 2, axis=1)) if count > 1 else np.full(len(equity), np.nan)
    year = math.sqrt(SESSIONS_A_YEAR)
    total = equity[:, -1] / start - 1
    cagr = np.maximum(1 + total, 0.0) ** (SESSIONS_A_YEAR / count) - 1 if count else np.full(len(equity), np.nan)
    fall = underwater(np.concatenate([np.full((len(equity), 1), start), equity], axis=1)).max(axis=1)
    return {
        "final_equity_usd": equity[:, -1],
        "total_return": total,
        "cagr": cagr,
        "volatility": risk * year,
        "sharpe": _ratio(mean, risk) * year,
        "sortino": _ratio(mean, loss) * year,
        "calmar": _ratio(cagr, fall),
        "max_drawdown": fall,
    }


def rows_of(columns: Mapping[str, Column]) -> list[Numbers]:
    """The same, trial by trial; None where a number is not defined."""
    lists = {name: [one if math.isfinite(one) else None for one in column.tolist()] for name, column in columns.items()}
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def score_of(numbers: Mapping[str, float | None], objective: Objective) -> float | None:
    """What a trial scores in what is looked for: more is better."""
    found = numbers.get(objective.value)
    return -found if objective is Objective.MAX_DRAWDOWN and found is not None else found


def course(returns: Column, generator: np.random.Generator, block: float) -> Column:
    """As many of these daily returns, drawn as `trading/resampling.py` says: blocks `block` long on average."""
    return np.asarray(returns[indexes(len(returns), 1, generator, block)[0]], np.float64)


def _ratio(gain: Column, risk: Column) -> Column:
    defined = risk >= _NOTHING
    return np.asarray(np.where(defined, gain / np.where(defined, risk, 1.0), np.nan), np.float64)
