"""What a Sharpe ratio proves: given its length, its odd returns, and how many were tried before it was chosen.

All Sharpe ratios here are those of one period (of a day, for daily returns), not a year's: the formulas hold for the
unit in which returns were counted. A year's is divided by the root of 252, a year's variance by 252.

Probabilistic ratio and least length: Bailey & López de Prado 2012, The Sharpe Ratio Efficient Frontier, J. of Risk
15(2). Deflated ratio: the same 2014, The Deflated Sharpe Ratio, J. of Portfolio Management 40(5).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from statistics import variance as variance_of
from typing import NamedTuple

from trading.performance import SESSIONS_A_YEAR, sharpe
from trading.ratios import moments
from trading.track import Column

_NORMAL = NormalDist()
_EULER = 0.5772156649015329
_NOTHING = 1e-12


class Shape(NamedTuple):
    """What a Sharpe ratio stands on: `sharpe` a period, plain moments (`kurtosis` 3 is normal), of `length` returns."""

    sharpe: float
    skew: float
    kurtosis: float
    length: int

    @property
    def doubt(self) -> float:
        """The variance of the estimate times length - 1: near 1 of normal returns, more with a tail of losses."""
        return 1 - self.skew * self.sharpe + (self.kurtosis - 1) / 4 * self.sharpe**2


class Deflated(NamedTuple):
    """The chance that the true Sharpe ratio beats `bar`, what the best of `trials` would show without any skill."""

    probability: float
    bar: float
    trials: int


def shape_of(returns: Column) -> Shape | None:
    """The shape of [D] returns; None of fewer than two, or without risk."""
    yearly, spread = sharpe(returns.tolist()), moments(returns)
    if yearly is None or spread is None:
        return None
    return Shape(yearly / math.sqrt(SESSIONS_A_YEAR), spread.third, spread.fourth, len(returns))


def probabilistic_sharpe(shape: Shape, bar: float = 0.0) -> float | None:
    """The chance that the true Sharpe ratio is above `bar`; None where the estimate has no variance."""
    if shape.doubt < _NOTHING or shape.length < 2:  # noqa: PLR2004  a deviation needs two
        return None
    return _NORMAL.cdf((shape.sharpe - bar) * math.sqrt((shape.length - 1) / shape.doubt))


def best_of_luck(trials: int, variance: float) -> float:
    """The highest Sharpe ratio to expect of so many trials without skill, whose ratios have this `variance`.

    Of one trial that is 0. The trials are taken to be independent: of similar ones fewer count.
    """
    if trials < 1 or variance < 0:
        raise ValueError(f"{trials} trials of variance {variance}")
    if trials == 1:
        return 0.0
    first, second = _NORMAL.inv_cdf(1 - 1 / trials), _NORMAL.inv_cdf(1 - 1 / (trials * math.e))
    return math.sqrt(variance) * ((1 - _EULER) * first + _EULER * second)


def deflated_sharpe(shape: Shape, trials: int, variance: float) -> Deflated | None:
    """The probabilistic Sharpe ratio against what luck alone would show; None where that one is."""
    bar = best_of_luck(trials, variance)
    probability = probabilistic_sharpe(shape, bar)
    return None if probability is None else Deflated(probability, bar, trials)


def variance_among(sharpes: Sequence[float]) -> float:
    """The variance of the trials' Sharpe ratios, each a period's; none of a single one."""
    return variance_of(sharpes) if len(sharpes) > 1 else 0.0


def least_length(shape: Shape, bar: float = 0.0, confidence: float = 0.95) -> float | None:
    """How many returns it takes to believe in a ratio above `bar` (minimum track record length); None: never."""
    if shape.sharpe <= bar:
        return None
    return 1 + shape.doubt * (_NORMAL.inv_cdf(confidence) / (shape.sharpe - bar)) ** 2
