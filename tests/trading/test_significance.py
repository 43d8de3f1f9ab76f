"""What a Sharpe ratio proves: the papers' own examples, what must hold of any, and what noise shows."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import quantstats.stats
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from trading.significance import (
    Shape,
    best_of_luck,
    deflated_sharpe,
    least_length,
    probabilistic_sharpe,
    shape_of,
    variance_among,
)

shapes = st.builds(
    lambda sharpe, skew, more, length: Shape(sharpe, skew, skew**2 + 1 + more, length),
    st.floats(-0.5, 0.5),
    st.floats(-3, 3),
    st.floats(0.1, 20),
    st.integers(2, 5000),
)
"""Kurtosis is never below the square of skew and one."""

# Bailey & López de Prado 2014, section "A numerical example": a yearly ratio of 2.5 over five years of 250 days.
FOUND = Shape(2.5 / math.sqrt(250), -3, 10, 1250)
AMONG = 0.5 / 250


def test_the_papers_example_of_a_deflated_ratio() -> None:
    """Of 100 trials it is not significant, of 46 it would be."""
    told = deflated_sharpe(FOUND, 100, AMONG)
    assert told is not None
    assert (round(told.bar, 4), round(told.probability, 4)) == (0.1132, 0.9004)
    of_fewer = deflated_sharpe(FOUND, 46, AMONG)
    assert of_fewer is not None
    assert round(of_fewer.probability, 4) == 0.9505


@pytest.mark.parametrize(("skew", "kurtosis", "probability"), [(0, 3, 0.982), (-2.448, 10.164, 0.913)])
def test_the_papers_example_of_a_probabilistic_ratio(skew: float, kurtosis: float, probability: float) -> None:
    """Bailey & López de Prado 2012: two years of a hedge fund's months, first as if they were normal."""
    assert round(probabilistic_sharpe(Shape(0.458, skew, kurtosis, 24)) or 0, 3) == probability


@pytest.mark.parametrize(("periods", "years"), [(252, 2.73), (52, 2.83), (12, 3.24)])
def test_the_papers_example_of_a_least_length(periods: int, years: float) -> None:
    """The same paper: years of normal returns until a yearly ratio of 2 is believed to be above 1."""
    root = math.sqrt(periods)
    length = least_length(Shape(2 / root, 0, 3, 0), 1 / root)
    assert length is not None
    assert round(length / periods, 2) == years


@pytest.mark.parametrize("seed", range(4))
def test_quantstats_finds_nearly_the_same(seed: int) -> None:
    """It takes the corrected moments, which over a thousand days are nearly the plain ones."""
    returns = np.random.default_rng(seed).standard_t(4, 1000) * 0.01 + 0.0004
    shape = shape_of(returns)
    assert shape is not None
    theirs = quantstats.stats.probabilistic_ratio(pd.Series(returns, pd.bdate_range("2010-01-04", periods=1000)))
    assert probabilistic_sharpe(shape) == pytest.approx(theirs, abs=2e-3)


@given(shape=shapes, bar=st.floats(-0.5, 0.5), more=st.floats(0, 0.3))
@settings(max_examples=300, deadline=None)
def test_a_higher_bar_is_never_easier(shape: Shape, bar: float, more: float) -> None:
    low, high = probabilistic_sharpe(shape, bar), probabilistic_sharpe(shape, bar + more)
    assert low is not None
    assert high is not None
    assert 0 <= high <= low <= 1


@given(shape=shapes, longer=st.integers(1, 1000))
@settings(max_examples=200, deadline=None)
def test_a_longer_track_proves_more(shape: Shape, longer: int) -> None:
    assume(shape.sharpe > 0)
    short, long = probabilistic_sharpe(shape), probabilistic_sharpe(shape._replace(length=shape.length + longer))
    assert short is not None
    assert long is not None
    assert 0.5 <= short <= long


@given(shape=shapes, bar=st.floats(-0.5, 0.5), confidence=st.floats(0.55, 0.999))
@settings(max_examples=200, deadline=None)
def test_at_the_least_length_the_ratio_is_just_believed(shape: Shape, bar: float, confidence: float) -> None:
    assume(shape.sharpe - bar > 1e-3)
    length = least_length(shape, bar, confidence)
    assert length is not None
    doubt = math.sqrt(shape.doubt / (length - 1))
    assert 0.5 * (1 + math.erf((shape.sharpe - bar) / doubt / math.sqrt(2))) == pytest.approx(confidence, abs=1e-9)


@given(trials=st.integers(1, 10_000), variance=st.floats(0, 1), factor=st.integers(2, 5))
@settings(max_examples=200, deadline=None)
def test_the_more_is_tried_the_more_luck_shows(trials: int, variance: float, factor: int) -> None:
    assert 0 <= best_of_luck(trials, variance) <= best_of_luck(trials * factor, variance)
    assert best_of_luck(trials, variance * 4) == pytest.approx(2 * best_of_luck(trials, variance))


@pytest.mark.parametrize("trials", [10, 100, 1000])
def test_luck_shows_what_is_expected_of_it(trials: int) -> None:
    """The formula is the limit of many trials: of ten it is off by some percent."""
    best = np.random.default_rng(trials).normal(0, 1, (4000, trials)).max(axis=1)
    assert best_of_luck(trials, 1.0) == pytest.approx(best.mean(), rel=0.04)


def test_the_best_of_noise_is_not_significant_and_skill_is() -> None:
    random = np.random.default_rng(5)
    noise = random.normal(0, 0.01, (1250, 100))
    skilled = random.normal(0.002, 0.01, 1250)

    def told(returns: np.ndarray, among: np.ndarray) -> float:
        sharpes = [shape.sharpe for shape in map(shape_of, among.T) if shape]
        shape = shape_of(returns)
        assert shape is not None
        deflated = deflated_sharpe(shape, len(sharpes), variance_among(sharpes))
        assert deflated is not None
        return deflated.probability

    best = noise[:, (noise.mean(axis=0) / noise.std(axis=0)).argmax()]
    alone = shape_of(best)
    assert alone is not None
    assert (probabilistic_sharpe(alone) or 0) > 0.95
    assert told(best, noise) < 0.9
    assert told(skilled, noise) > 0.99


def test_without_risk_nothing_is_proven() -> None:
    assert shape_of(np.zeros(10)) is None
    assert shape_of(np.array([0.1])) is None
    assert probabilistic_sharpe(Shape(1.0, 2.0, 5.0, 10)) is None
    assert deflated_sharpe(Shape(1.0, 2.0, 5.0, 10), 3, 0.1) is None
    assert probabilistic_sharpe(Shape(0.1, 0, 3, 1)) is None
    assert least_length(Shape(0.1, 0, 3, 50), 0.1) is None
    assert (variance_among([0.3]), variance_among([0.0, 1.0])) == (0.0, 0.5)


@pytest.mark.parametrize(("trials", "variance"), [(0, 1.0), (5, -1.0)])
def test_no_trials_are_refused(trials: int, variance: float) -> None:
    with pytest.raises(ValueError, match="trials of variance"):
        best_of_luck(trials, variance)
