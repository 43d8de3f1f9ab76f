"""What a Sharpe ratio proves: given its length, its odd returns, and how many were tried before it was chosen.

All Sharpe ratios here are those of one period (of a day, for daily returns), not a year's: the formulas hold for the
unit in which returns were counted. Divide a yearly one by the root of 252.
"""

from __future__ import annotations

from typing import NamedTuple

from trading.track import Column


class Shape(NamedTuple):
    """What a Sharpe ratio stands on: `sharpe` a period, plain moments (`kurtosis` 3 is normal), `count` of returns."""

    sharpe: float
    skew: float
    kurtosis: float
    count: int


class Deflated(NamedTuple):
    """The chance that the true Sharpe ratio beats `bar`, what the best of `trials` would show without any skill."""

    probability: float
    bar: float
    trials: int


def shape_of(returns: Column) -> Shape | None:
    """The shape of [D] returns; None of fewer than two, or without risk."""
    raise NotImplementedError


def probabilistic_sharpe(shape: Shape, bar: float = 0.0) -> float | None:
    """The chance that the true Sharpe ratio is above `bar` (Bailey & López de Prado 2012); None: not known."""
    raise NotImplementedError


def best_of_luck(trials: int, variance: float) -> float:
    """The highest Sharpe ratio to expect of so many trials without skill, whose ratios have this variance."""
    raise NotImplementedError


def deflated_sharpe(shape: Shape, trials: int, variance: float) -> Deflated | None:
    """The probabilistic Sharpe ratio against what luck alone would show (Bailey & López de Prado 2014)."""
    raise NotImplementedError


def least_length(shape: Shape, bar: float = 0.0, confidence: float = 0.95) -> float | None:
    """How many returns it takes to believe in a ratio above `bar` (minimum track record length); None: never."""
    raise NotImplementedError
