"""Many trials measured at once are measured as one is, and other courses are made of the days that were."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.backtesting import Objective
from trading.measures import measure
from trading.ratios import returns_of
from trading.track import Track
from trading.trial_scores import course, rows_of, score_of, scores

START = 100_000.0
CHANGES = st.lists(st.lists(st.floats(-0.2, 0.2), min_size=9, max_size=9), min_size=1, max_size=4)


@given(CHANGES, st.sampled_from([0, 1]))
def test_many_at_once_are_measured_as_one_is(changes: list[list[float]], at_work: int) -> None:
    moves = np.array(changes) * at_work
    equity = START * np.cumprod(np.insert(1 + moves, 0, 1.0, axis=1), axis=1)
    days = np.arange("2010-01-04", "2010-01-14", dtype="datetime64[D]")
    for row, one in zip(rows_of(scores(equity, START)), equity, strict=True):
        known = measure(Track(days=days, equity=one, start=START))
        for name, value in row.items():
            expected = getattr(known, name)
            assert value == (None if expected is None else pytest.approx(expected, rel=1e-9, abs=1e-9)), name


def test_one_close_has_no_returns_and_says_so() -> None:
    (row,) = rows_of(scores(np.array([[START]]), START))
    assert (row["total_return"], row["max_drawdown"]) == (0, 0)
    assert [row[name] for name in ("cagr", "volatility", "sharpe", "sortino", "calmar")] == [None] * 5


def test_what_has_lost_everything_is_worth_no_more_than_that() -> None:
    equity = np.array([[START, 0.0, -50.0, 10.0]])
    (row,) = rows_of(scores(equity, START))
    assert row["max_drawdown"] == 1
    assert returns_of(equity).tolist() == [[-1.0, 0.0, 0.0]]


def test_more_is_better_in_every_objective() -> None:
    numbers = {"sharpe": 1.5, "max_drawdown": 0.4, "calmar": None}
    assert score_of(numbers, Objective.SHARPE) == 1.5
    assert score_of(numbers, Objective.MAX_DRAWDOWN) == -0.4
    assert score_of(numbers, Objective.CALMAR) is None


@given(st.integers(2, 60), st.integers(1, 30), st.integers(0, 1000))
def test_a_course_is_made_of_runs_of_the_days_that_were(count: int, block: int, seed: int) -> None:
    drawn = course(np.arange(count, dtype=float), np.random.default_rng([seed, 7]), block)
    assert len(drawn) == count
    assert set(drawn) <= set(range(count))
    again = course(np.arange(count, dtype=float), np.random.default_rng([seed, 7]), block)
    assert drawn.tolist() == again.tolist()


def test_blocks_are_as_long_on_average_as_was_asked() -> None:
    days = np.arange(100_000, dtype=float)
    drawn = course(days, np.random.default_rng(1), 20)
    breaks = int(np.sum((np.diff(drawn) != 1) & (np.diff(drawn) != 1 - len(days))))
    assert len(days) / breaks == pytest.approx(20, rel=0.05)
