"""Ratios over columns of equity and of daily returns, beside those of trading/performance.py. Floats, never money.

What is not defined is None. Definitions and sources stand in trading/metrics.py, which is their table.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trading.performance import SESSIONS_A_YEAR, underwater
from trading.track import Column, Days

_NOTHING = 1e-12
"""What floats leave of nothing."""


class Line(NamedTuple):
    """The least-squares line of daily returns against a benchmark's: `alpha` a year, not compounded."""

    alpha: float
    beta: float


class Fall(NamedTuple):
    """From a peak to the close that is as high again: indexes into the values; `end` is the last one if it is not over.

    `depth` is a fraction of the peak, 0 to 1.
    """

    peak: int
    end: int
    over: bool
    depth: float


class Months(NamedTuple):
    """The return of each calendar month, the first and the last of which may be cut: datetime64[M] and float64."""

    month: NDArray[np.datetime64]
    returns: Column


def returns_of(values: Column) -> Column:
    """Close over close before, less 1: [..., D] to [..., D - 1]. Nothing, where nothing was at work."""
    before, after = values[..., :-1], values[..., 1:]
    some = before > _NOTHING
    return np.where(some, after / np.where(some, before, 1.0) - 1, 0.0)


def falls(values: Column) -> list[Fall]:
    """Every drawdown of [D] values, in their order."""
    below = underwater(values)
    wet = np.flatnonzero(below > 0)
    if not len(wet):
        return []
    runs = np.split(wet, np.flatnonzero(np.diff(wet) > 1) + 1)
    last = len(values) - 1
    return [
        Fall(int(run[0]) - 1, min(int(run[-1]) + 1, last), bool(run[-1] < last), float(below[run].max()))
        for run in runs
    ]


def growth(total_return: float, days: int) -> float | None:
    """The return a year that compounds to this one over so many daily returns; -1 if nothing is left."""
    if not days:
        return None
    if total_return <= -1:
        return -1.0
    try:
        return math.expm1(math.log1p(total_return) * SESSIONS_A_YEAR / days)
    except OverflowError:
        return None


def volatility(returns: Column) -> float | None:
    """The deviation of [D] daily returns, a year's."""
    return float(np.std(returns, ddof=1)) * math.sqrt(SESSIONS_A_YEAR) if len(returns) > 1 else None


def calmar(yearly: float | None, deepest: float) -> float | None:
    """Growth a year over the deepest drawdown."""
    return yearly / deepest if yearly is not None and deepest >= _NOTHING else None


def tail_ratio(returns: Column) -> float | None:
    """The 95th percentile of [D] daily returns over the 5th, unsigned."""
    if not len(returns):
        return None
    low, high = np.percentile(returns, (5, 95))
    return float(abs(high / low)) if abs(low) > _NOTHING else None


def value_at_risk(returns: Column) -> float | None:
    """The 5th percentile of [D] daily returns."""
    return float(np.percentile(returns, 5)) if len(returns) else None


def conditional_value_at_risk(returns: Column) -> float | None:
    """The mean of the worst twentieth of [D] daily returns."""
    if not len(returns):
        return None
    last = int((len(returns) - 1) * 0.05)
    return float(np.partition(returns, last)[: last + 1].mean())


def skew(returns: Column) -> float | None:
    """G1 of [D] daily returns; None of fewer than three, or without risk."""
    n = len(returns)
    if n < 3 or (spread := moments(returns)) is None:  # noqa: PLR2004  its correction divides by n - 2
        return None
    return spread.third * math.sqrt(n * (n - 1)) / (n - 2)


def excess_kurtosis(returns: Column) -> float | None:
    """G2 of [D] daily returns; None of fewer than four, or without risk."""
    n = len(returns)
    if n < 4 or (spread := moments(returns)) is None:  # noqa: PLR2004  its correction divides by n - 3
        return None
    return ((n + 1) * (spread.fourth - 3) + 6) * (n - 1) / ((n - 2) * (n - 3))


class Moments(NamedTuple):
    """Standardised moments, uncorrected: of normal returns 0 and 3."""

    third: float
    fourth: float


def moments(returns: Column) -> Moments | None:
    """The third and the fourth of [D] returns; None without risk."""
    if not len(returns):
        return None
    apart = returns - returns.mean()
    risk = math.sqrt(float(np.mean(apart**2)))
    if risk < _NOTHING:
        return None
    apart = apart / risk
    return Moments(float(np.mean(apart**3)), float(np.mean(apart**4)))


def line(returns: Column, benchmark: Column) -> Line | None:
    """[D] daily returns against the benchmark's; a day on which either is NaN counts for nothing. None without risk."""
    both = np.isfinite(returns) & np.isfinite(benchmark)
    ours, theirs = returns[both], benchmark[both]
    if len(ours) < 2 or (risk := float(np.var(theirs))) < _NOTHING**2:  # noqa: PLR2004  a line needs two points
        return None
    beta = float(np.mean((ours - ours.mean()) * (theirs - theirs.mean()))) / risk
    return Line(float(ours.mean() - beta * theirs.mean()) * SESSIONS_A_YEAR, beta)


def monthly_returns(days: Days, values: Column, start: float) -> Months:
    """Of [D] closes: each month's last over the last of the month before, the first month's over `start`."""
    month = days.astype("datetime64[M]")
    last = np.append(month[1:] != month[:-1], True)
    closes = values[last]
    return Months(month[last], returns_of(np.concatenate(([start], closes))))
