"""What could have happened as well: seeded, honest about its width, and never another end from the same trades."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading.performance import SESSIONS_A_YEAR
from trading.resampling import PERCENTILES, bootstrap, resampled_days, shuffled_trades


def seeded(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_same_seed_draws_the_same() -> None:
    returns = seeded(1).normal(0.0005, 0.01, 300)
    assert bootstrap(returns, seeded(3), draws=50) == bootstrap(returns, seeded(3), draws=50)
    assert bootstrap(returns, seeded(3), draws=50) != bootstrap(returns, seeded(4), draws=50)


def test_the_interval_is_as_wide_as_theory_says() -> None:
    """Of independent normal days: the yearly ratio's deviation is near the root of 252 over their number."""
    returns = seeded(2).normal(0.0004, 0.01, 2000)
    told = bootstrap(returns, seeded(), draws=2000, block=1)
    assert told is not None
    low, high = told.sharpe.low, told.sharpe.high
    assert low is not None
    assert high is not None
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(SESSIONS_A_YEAR / 2000), rel=0.1)
    assert (told.draws, told.block) == (2000, 1)


def test_blocks_are_as_long_as_the_cube_root_of_the_days() -> None:
    told = bootstrap(seeded().normal(0, 0.01, 1000), seeded(), draws=2)
    assert told is not None
    assert told.block == pytest.approx(10)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    truth = 0.05 * np.sqrt(SESSIONS_A_YEAR)
    covered = []
    for seed in range(150):
        told = bootstrap(seeded(seed).normal(0.0005, 0.01, 250), seeded(seed), draws=200, block=1)
        assert told is not None
        covered.append((told.sharpe.low or 0) <= truth <= (told.sharpe.high or 0))
    assert 0.88 <= np.mean(covered) <= 0.99


def test_blocks_keep_what_days_have_to_do_with_each_other() -> None:
    """Days that follow the day before make a wider truth; single days drawn alone do not see that."""
    shocks = seeded(5).normal(0, 0.01, 3000)
    returns = np.convolve(shocks, np.full(10, 0.316))[:3000]
    alone, blocks = (bootstrap(returns, seeded(), draws=400, block=block) for block in (1, 50))
    assert alone is not None
    assert blocks is not None
    widths = [(told.sharpe.high or 0) - (told.sharpe.low or 0) for told in (alone, blocks)]
    assert widths[1] > 2 * widths[0]


@given(moves=st.lists(st.floats(-1.5, 1.0), min_size=2, max_size=30), seed=st.integers(0, 99))
@settings(max_examples=150, deadline=None)
def test_every_interval_is_one_and_its_drawdown_lies_between_nothing_and_everything(
    moves: list[float], seed: int
) -> None:
    told = bootstrap(np.array(moves), seeded(seed), draws=40)
    assert told is not None
    for interval in (told.sharpe, told.cagr, told.max_drawdown):
        assert (interval.low is None) == (interval.high is None)
        assert interval.low is None or interval.high is None or interval.low <= interval.high
    low, high = told.max_drawdown.low, told.max_drawdown.high
    assert low is not None
    assert high is not None
    assert 0 <= low <= high <= 1


@given(pnl=st.lists(st.floats(-300, 300), min_size=1, max_size=30), seed=st.integers(0, 99))
@settings(max_examples=100, deadline=None)
def test_shuffled_trades_end_where_they_end(pnl: list[float], seed: int) -> None:
    told = shuffled_trades(np.array(pnl), 1000.0, seeded(seed), draws=30)
    assert told is not None
    assert told.final_equity_usd == pytest.approx([1000 + sum(pnl)] * len(PERCENTILES), abs=1e-6)
    assert all(0 <= one <= other <= 1 for one, other in zip(told.max_drawdown, told.max_drawdown[1:], strict=False))


def test_the_order_of_trades_is_most_of_a_drawdown() -> None:
    """Ten losses of 100 in a row fall from 2,000 at the worst; with a win of 100 before each they hardly fall."""
    told = shuffled_trades(np.array([100.0, -100.0] * 10), 1000.0, seeded(), draws=3000)
    assert told is not None
    assert told.max_drawdown[0] < 0.25 < told.max_drawdown[-1]


def test_days_drawn_again_spread_around_the_same_growth() -> None:
    returns = seeded(9).normal(0.0005, 0.01, 1000)
    told = resampled_days(returns, 1e5, seeded(), draws=2000)
    assert told is not None
    median = told.final_equity_usd[PERCENTILES.index(50)]
    assert np.log(median / 1e5) == pytest.approx(np.log1p(returns).sum(), abs=0.05)
    assert list(told.final_equity_usd) == sorted(told.final_equity_usd)
    assert list(told.max_drawdown) == sorted(told.max_drawdown)


def test_too_little_is_no_answer() -> None:
    assert bootstrap(np.array([0.1]), seeded()) is None
    assert resampled_days(np.array([]), 1.0, seeded()) is None
    assert shuffled_trades(np.array([]), 1.0, seeded()) is None
    flat = bootstrap(np.zeros(10), seeded(), draws=5)
    assert flat is not None
    assert (flat.sharpe.value, flat.sharpe.low, flat.cagr.high) == (None, None, 0.0)


def test_what_cannot_be_drawn_is_refused() -> None:
    returns = np.zeros(10)
    for block in (0.5, 11):
        with pytest.raises(ValueError, match="blocks"):
            bootstrap(returns, seeded(), block=block)
    with pytest.raises(ValueError, match="0 draws"):
        resampled_days(returns, 1.0, seeded(), draws=0)
    with pytest.raises(ValueError, match="dollars"):
        resampled_days(returns, 0.0, seeded())
    with pytest.raises(ValueError, match="dollars"):
        shuffled_trades(returns, 0.0, seeded())
