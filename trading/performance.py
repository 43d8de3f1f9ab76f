"""How well the money was put to work: ratios over a series of equity or of trades. Floats, never money.

What the owner pays in or takes out is no return. Of a day with flows the return is what was earned, over the equity
before it and what was paid in: a deposit is taken to come before the day's trading, a withdrawal after it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import accumulate, pairwise
from statistics import fmean
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trading.money import ZERO

SESSIONS_A_YEAR = 252
_NOTHING = 1e-12
"""What floats leave of nothing."""


class Valuation(NamedTuple):
    """Equity in dollars at a moment; `flow` dollars were paid in (negative: taken out) since the valuation before.

    `shadow` are dollars that trades on paper alone would have earned since then: they count as earned.
    """

    at: datetime
    equity: Decimal
    flow: Decimal = ZERO
    shadow: Decimal = ZERO


class Drawdown(NamedTuple):
    """Fractions below the peak, 0 to 1: the deepest there was, and the present one."""

    deepest: float
    now: float


def daily_returns(valuations: Sequence[Valuation]) -> list[float]:
    """What each valuation brought over the one before it, without what was paid in and out; one fewer than those."""
    return [_return(before, after) for before, after in pairwise(valuations)]


def compounded(returns: Sequence[float]) -> float:
    """The return over all of these days: time-weighted, so that it does not matter how much money was there when."""
    return _values(returns)[-1] - 1


def drawdown_of(returns: Sequence[float]) -> Drawdown:
    """How far the value of one unit fell below its peak. Losing everything, and more, is 1."""
    falls = underwater(np.array(_values(returns)))
    return Drawdown(float(falls.max()), float(falls[-1]))


def underwater(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far each value is below the highest so far, 0 to 1, [..., D]. The first must be above nothing."""
    return np.minimum(1 - values / np.maximum.accumulate(values, axis=-1), 1.0)


def sharpe(returns: Sequence[float]) -> float | None:
    """The yearly Sharpe ratio of daily returns over a risk-free rate of 0; None of fewer than two, or without risk.

    Mean over deviation (n - 1), times the root of 252. One and the same run (AAPL 2007 to 2017, averages of 10 and 30
    days, 90 % of equity, 5 basis points) is 0.98 by this, by quantstats, empyrical and ffn. Others print other numbers:
    1.18 in vectorbt, whose year has 365 days; 0.80 in backtesting.py, compounded growth over a deviation of compounded
    returns; 0.78 in backtrader, the deviation (n) of eleven calendar years' returns over 1 % a year; 0.89 in ffn by
    months; 0.06 where nobody multiplied by the root of a year.

    Sharpe 1994, The Sharpe Ratio, J. of Portfolio Management 21(1).
    """
    if len(returns) < 2:  # noqa: PLR2004  a deviation needs two
        return None
    mean = math.fsum(returns) / len(returns)
    risk = math.sqrt(math.fsum((one - mean) ** 2 for one in returns) / (len(returns) - 1))
    if risk < _NOTHING:
        return None
    return mean / risk * math.sqrt(SESSIONS_A_YEAR)


def sortino(returns: Sequence[float]) -> float | None:
    """The same over the deviation of losses alone, taken over all days; None of fewer than two, or without a loss.

    Sortino & Price 1994, Performance Measurement in a Downside Risk Framework, J. of Investing 3(3).
    """
    if len(returns) < 2:  # noqa: PLR2004  as for the Sharpe ratio, to be compared with it
        return None
    risk = math.sqrt(fmean(min(one, 0.0) ** 2 for one in returns))
    if risk < _NOTHING:
        return None
    return fmean(returns) / risk * math.sqrt(SESSIONS_A_YEAR)


def win_rate(won: int, lost: int) -> float | None:
    """The fraction of closed trades that won, of those that did either; None of none."""
    return won / (won + lost) if won + lost else None


def profit_factor(gained: Decimal | float, given_up: Decimal | float) -> float | None:
    """Dollars that winning trades made for each that losing ones cost (unsigned); None while none was lost."""
    return float(gained) / float(given_up) if given_up else None


def turnover(traded: Decimal | float, equities: Sequence[Decimal] | Sequence[float]) -> float | None:
    """Dollars bought and sold as a multiple of the average equity; None without equity."""
    average = fmean(equities) if equities else 0.0
    return float(traded) / average if average > 0 else None


def _values(returns: Sequence[float]) -> list[float]:
    """What one unit is worth after each day, from 1 on; what has lost everything stays lost."""
    return [*accumulate(returns, lambda value, one: max(value * (1 + one), 0.0), initial=1.0)]


def _return(before: Valuation, after: Valuation) -> float:
    """Nothing, where nothing was at work."""
    at_work = before.equity + max(after.flow, ZERO)
    earned = after.equity - before.equity - after.flow + after.shadow
    return float(earned / at_work) if at_work > 0 else 0.0
