"""Whether choosing the best of many combinations found anything: combinatorially symmetric cross-validation.

Bailey, Borwein, López de Prado & Zhu 2016, The Probability of Backtest Overfitting, J. of Computational Finance 20(4).
The days are cut into blocks; each half of the blocks in turn chooses the trial with the best Sharpe ratio, and the
other half says what that choice was worth.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from trading.money import Ratio, Record
from trading.track import Column

BLOCKS = 16
"""The paper's: 12,870 ways to halve them."""
_MOST_BLOCKS = 20
_AT_ONCE = (1 << 17, 1 << 20)
"""Numbers worked on at a time: a quarter of how many there are, within these."""
_NOTHING = 1e-12
"""What floats leave of nothing, and of the difference between two ratios that are one."""


class Overfitting(Record):
    """What the best of `trials` in one half of the days was worth in the other half, over all `splits` in halves.

    `probability`: how often it came out below the median of all, the median itself counted half; `loss`: how often its
    Sharpe ratio was below nothing; `slope` and `intercept`: of its daily ratio out of sample against that in sample,
    by least squares; `r2`: how much of it that explains. None where all in-sample ratios are one.
    """

    probability: Ratio
    loss: Ratio
    slope: Ratio | None
    intercept: Ratio | None
    r2: Ratio | None
    trials: int
    splits: int


def overfitting(returns: Column, blocks: int = BLOCKS) -> Overfitting | None:
    """Of [T, N] daily returns, a column a trial; the first T modulo `blocks` days are left out.

    A trial without risk in a half has a ratio of 0 there. None of fewer than two trials, or than two days a block.
    """
    if blocks % 2 or not 0 < blocks <= _MOST_BLOCKS:
        raise ValueError(f"an even number of blocks from 2 to {_MOST_BLOCKS}, not {blocks}")
    days, trials = returns.shape
    if trials < 2 or days < 2 * blocks:  # noqa: PLR2004  a choice needs two
        return None
    chosen, worth, place = np.hstack(list(_choices(returns[days % blocks :], blocks)))
    slope, intercept, r2 = _line(chosen, worth)
    return Overfitting(
        probability=float(np.mean((place < 0) + 0.5 * (place == 0))),
        loss=float(np.mean(worth < 0)),
        slope=slope,
        intercept=intercept,
        r2=r2,
        trials=trials,
        splits=len(chosen),
    )


def _choices(returns: Column, blocks: int) -> Iterator[Column]:
    """Of each way to halve the blocks: the best ratio in sample, that trial's out of sample, and its place there.

    The place is how many trials are worse less how many are better: below nothing is below the median. Either half is
    once the one that chooses, so each is measured once.
    """
    cut = returns.reshape(blocks, -1, returns.shape[1])
    sums, squares = cut.sum(axis=1), np.stack([(block**2).sum(axis=0) for block in cut])
    half = len(returns) // 2
    ways = np.array([way for way in combinations(range(blocks), blocks // 2) if way[0] == 0])
    at_once = min(max(returns.size // 4, _AT_ONCE[0]), _AT_ONCE[1])
    for some in np.array_split(ways, -(-len(ways) * returns.shape[1] // at_once)):
        inside = np.zeros((len(some), blocks))
        np.put_along_axis(inside, some, 1.0, axis=1)
        one = _ratios(inside @ sums, inside @ squares, half)
        other = _ratios((1 - inside) @ sums, (1 - inside) @ squares, half)
        yield _chosen(one, other)
        yield _chosen(other, one)


def _chosen(seen: Column, unseen: Column) -> Column:
    best = seen.argmax(axis=1)[:, np.newaxis]
    worth = np.take_along_axis(unseen, best, axis=1)
    worse, better = unseen < worth - _NOTHING, unseen > worth + _NOTHING
    place = np.count_nonzero(worse, axis=1) - np.count_nonzero(better, axis=1)
    return np.stack((np.take_along_axis(seen, best, axis=1)[:, 0], worth[:, 0], place))


def _ratios(sums: Column, squares: Column, count: int) -> Column:
    """Sharpe ratios a day from sums of returns and of their squares, in whose place they are; 0 without risk."""
    sums /= count
    squares /= count
    floor = np.maximum(squares, _NOTHING)
    floor *= _NOTHING
    squares -= sums**2
    some = squares > floor
    squares *= count / (count - 1)
    squares[~some] = np.inf
    np.sqrt(squares, out=squares)
    sums /= squares
    return sums


def _line(chosen: Column, worth: Column) -> tuple[float | None, float | None, float | None]:
    """Slope, intercept and explained part of what a choice was worth against what it looked like."""
    apart, other = chosen - chosen.mean(), worth - worth.mean()
    square, spread = float(apart @ apart), float(other @ other)
    if square < _NOTHING:
        return None, None, None
    slope = float(apart @ other) / square
    return slope, float(worth.mean() - slope * chosen.mean()), slope**2 * square / spread if spread > _NOTHING else None
