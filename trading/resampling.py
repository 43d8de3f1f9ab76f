"""What could have happened as well: the same days, or the same trades, drawn again in another order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from trading.money import Ratio, Record
from trading.performance import SESSIONS_A_YEAR, compounded, drawdown_of, sharpe, underwater
from trading.ratios import growth
from trading.track import Column

DRAWS = 1000
PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
CONFIDENCE = 0.95
_AT_ONCE = 1 << 18
"""Numbers worked on at a time: ten thousand draws of ten years fit into a small memory."""
_NOTHING = 1e-12


class Interval(Record):
    """What lies between `low` and `high` with this confidence; `value` is that of the run itself."""

    value: Ratio | None
    low: Ratio | None
    high: Ratio | None
    confidence: Ratio = CONFIDENCE


class Intervals(Record):
    """Confidence intervals of what is quoted most; `block` is the mean length of the blocks in days."""

    sharpe: Interval
    cagr: Interval
    max_drawdown: Interval
    block: Ratio
    draws: int


class Spread(Record):
    """Percentiles of the final equity in dollars and of the deepest drawdown, 0 to 1, for each of `percentiles`."""

    percentiles: tuple[int, ...] = PERCENTILES
    final_equity_usd: tuple[Ratio, ...]
    max_drawdown: tuple[Ratio, ...]
    draws: int


def bootstrap(
    returns: Column, generator: np.random.Generator, *, draws: int = DRAWS, block: float | None = None
) -> Intervals | None:
    """95 % intervals by the stationary bootstrap (Politis & Romano 1994, The Stationary Bootstrap, JASA 89).

    `returns` [D] daily; `block` None is the cube root of D, the order of the best length. An interval is from the
    2.5th to the 97.5th percentile of the draws. None of fewer than two returns.
    """
    if len(returns) < 2:  # noqa: PLR2004  a deviation needs two
        return None
    mean = _block(returns, block)
    told = np.hstack([_told(drawn) for drawn in _draws(returns, generator, draws, mean)])
    daily = returns.tolist()
    return Intervals(
        sharpe=_between(sharpe(daily), told[0]),
        cagr=_between(growth(compounded(daily), len(daily)), told[1]),
        max_drawdown=_between(drawdown_of(daily).deepest, told[2]),
        block=mean,
        draws=draws,
    )


def resampled_days(
    returns: Column, start: float, generator: np.random.Generator, *, draws: int = DRAWS, block: float | None = None
) -> Spread | None:
    """What `start` dollars might have become over as many days, drawn in blocks; None without returns."""
    if not len(returns):
        return None
    mean = _block(returns, block)
    if start <= 0:
        raise ValueError(f"from {start} dollars")
    return _spread((start * _worth(drawn) for drawn in _draws(returns, generator, draws, mean)), draws)


def shuffled_trades(pnl: Column, start: float, generator: np.random.Generator, *, draws: int = DRAWS) -> Spread | None:
    """The same [K] trades, net dollars, in another order: the end is the same, the way is not. None without trades."""
    if not len(pnl):
        return None
    if start <= 0 or draws < 1:
        raise ValueError(f"{draws} draws from {start} dollars")
    return _spread(_shuffled(pnl, start, generator, draws), draws)


def _shuffled(pnl: Column, start: float, generator: np.random.Generator, draws: int) -> Iterator[Column]:
    each = max(_AT_ONCE // len(pnl), 1)
    for first in range(0, draws, each):
        some = generator.permuted(np.tile(pnl, (min(each, draws - first), 1)), axis=1)
        yield np.cumsum(np.column_stack((np.full(len(some), start), some)), axis=1)


def _block(returns: Column, block: float | None) -> float:
    mean = float(np.cbrt(len(returns))) if block is None else block
    if not 1 <= mean <= len(returns):
        raise ValueError(f"blocks of {mean} days out of {len(returns)}")
    return mean


def _draws(returns: Column, generator: np.random.Generator, draws: int, block: float) -> Iterator[Column]:
    """[some, D] returns at a time."""
    if draws < 1:
        raise ValueError(f"{draws} draws")
    days = len(returns)
    each = max(_AT_ONCE // days, 1)
    for first in range(0, draws, each):
        yield returns[indexes(days, min(each, draws - first), generator, block)]


def indexes(days: int, draws: int, generator: np.random.Generator, block: float) -> NDArray[np.int64]:
    """[draws, days] places of days: blocks of geometric length from random days on, the first day after the last."""
    anew = generator.random((draws, days)) < 1 / block
    anew[:, 0] = True
    starts = generator.integers(0, days, (draws, days))
    at = np.arange(days)
    began = np.maximum.accumulate(np.where(anew, at, 0), axis=1)
    return (np.take_along_axis(starts, began, axis=1) + at - began) % days


def _worth(drawn: Column) -> Column:
    """What one unit is worth from before the first day on, [some, D + 1]; what has lost everything stays lost."""
    grown = np.cumprod(np.maximum(1 + drawn, 0.0), axis=1)
    return np.column_stack((np.ones(len(drawn)), grown))


def _told(drawn: Column) -> Column:
    """Sharpe ratio, growth and deepest drawdown of each draw, [3, some]; NaN where there is no ratio."""
    risk = drawn.std(axis=1, ddof=1)
    some = risk > _NOTHING
    ratio = np.where(some, drawn.mean(axis=1) / np.where(some, risk, 1.0) * np.sqrt(SESSIONS_A_YEAR), np.nan)
    worth = _worth(drawn)
    with np.errstate(over="ignore"):  # of a few days there may be no number for a year of them
        grown = worth[:, -1] ** (SESSIONS_A_YEAR / drawn.shape[1]) - 1
    return np.stack((ratio, grown, underwater(worth).max(axis=1)))


def _between(value: float | None, told: Column) -> Interval:
    known = told[np.isfinite(told)]
    if not len(known):
        return Interval(value=value, low=None, high=None)
    low, high = np.quantile(known, ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2))
    return Interval(value=value, low=float(low), high=float(high))


def _spread(paths: Iterable[Column], draws: int) -> Spread:
    """Of [some, D + 1] dollars at a time."""
    ends = np.hstack([np.stack((path[:, -1], underwater(path).max(axis=1))) for path in paths])
    last, deepest = np.percentile(ends, PERCENTILES, axis=1).T
    return Spread(final_equity_usd=tuple(last.tolist()), max_drawdown=tuple(deepest.tolist()), draws=draws)
