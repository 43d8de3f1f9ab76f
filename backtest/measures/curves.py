"""Curves over a result's days that pictures and tables are made from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backtest.data.panel import Column, Days
from trading.performance import SESSIONS_A_YEAR, underwater
from trading.ratios import returns_of

_RISKLESS = 1e-12
"""A deviation of daily returns that is floats' own noise."""


class Month(NamedTuple):
    """The return of one calendar month that was traded, as a fraction."""

    year: int
    month: int
    returned: float


def drawdown(equity: Column, start: float) -> Column:
    """The fraction below the highest close so far, `start` dollars before the first included: [D], 0 to 1."""
    return underwater(np.concatenate(([start], equity)))[1:]


def rolling_sharpe(equity: Column, sessions: int) -> Column:
    """The yearly Sharpe ratio of the last so many daily returns at each close, [D]; NaN until there are so many."""
    returns = returns_of(equity)
    ratios = np.full(len(equity), np.nan)
    if len(returns) < sessions:
        return ratios
    windows = np.lib.stride_tricks.sliding_window_view(returns, sessions)
    mean, risk = windows.mean(axis=1), windows.std(axis=1, ddof=1)
    ratios[sessions:] = np.where(risk > _RISKLESS, _over(mean, risk), np.nan) * np.sqrt(SESSIONS_A_YEAR)
    return ratios


def months(days: Days, equity: Column, start: float) -> tuple[Month, ...]:
    """The return of each calendar month, last close over last close; the first over `start`. They compound to all."""
    told, returns = _by_period(days.astype("datetime64[M]"), equity, start)
    return tuple(Month(1970 + at // 12, at % 12 + 1, one) for at, one in zip(told, returns, strict=True))


def years(days: Days, equity: Column, start: float) -> dict[int, float]:
    """The return of each calendar year, likewise."""
    told, returns = _by_period(days.astype("datetime64[Y]"), equity, start)
    return {1970 + at: one for at, one in zip(told, returns, strict=True)}


def exposure(equity: Column, gross: Column) -> Column:
    """Value of what is held, unsigned, over equity; NaN where there is no equity."""
    return _over(gross, equity)


def _by_period(period: NDArray[np.datetime64], equity: Column, start: float) -> tuple[list[int], list[float]]:
    """Each period's number since 1970, and its return; NaN once everything is lost."""
    ends = np.flatnonzero(np.append(period[1:] != period[:-1], np.array([True])))
    closes = np.concatenate(([start], equity[ends]))
    returns = _over(closes[1:], closes[:-1]) - 1
    return [int(at) for at in period[ends].astype(int)], [float(one) for one in returns]


def _over(upper: Column, lower: Column) -> Column:
    """One over the other, NaN where that one is not above nothing."""
    quotient = np.full(len(upper), np.nan)
    np.divide(upper, lower, out=quotient, where=lower > 0)
    return quotient
