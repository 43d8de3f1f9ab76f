"""Whether choosing the best of many combinations found anything: combinatorially symmetric cross-validation.

Bailey, Borwein, López de Prado & Zhu 2016, The Probability of Backtest Overfitting, J. of Computational Finance 20(4).
"""

from __future__ import annotations

from trading.money import Ratio, Record
from trading.track import Column

BLOCKS = 16


class Overfitting(Record):
    """What the best of `trials` in one half of the days was worth in the other half, over all `splits` in halves.

    `probability`: how often it came out below the median of all; `loss`: how often its Sharpe ratio was below nothing;
    `slope` and `intercept`: of its ratio out of sample against that in sample; `r2` how much of it that explains.
    """

    probability: Ratio
    loss: Ratio
    slope: Ratio | None
    intercept: Ratio | None
    r2: Ratio | None
    trials: int
    splits: int


def overfitting(returns: Column, blocks: int = BLOCKS) -> Overfitting | None:
    """Of [T, N] daily returns, a column a trial; None of fewer than two trials, or than two days a block."""
    raise NotImplementedError
