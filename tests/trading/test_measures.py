"""All metrics of a track: by hand on ten days, against quantstats, and where they are not defined."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import quantstats.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from trading.measures import measure
from trading.metrics import MEASURES, NOT_DEFINED, Measure, Metrics, Unit, shown
from trading.track import OPEN, Days, Track, Trips

# From Thursday 2020-01-23 on, over the end of a month and two weekends.
DAYS = np.busday_offset(np.datetime64("2020-01-23"), list(range(10)))
EQUITY = np.array([1000.0, 1100.0, 990.0, 1045.0, 1045.0, 1210.0, 1089.0, 1100.0, 1210.0, 1331.0])


def trips(*told: tuple[int, int, float]) -> Trips:
    """Trades as (opened, closed, pnl)."""
    opened, closed, pnl = np.array(told, dtype=np.float64).reshape(-1, 3).T
    return Trips(opened.astype(np.int64), closed.astype(np.int64), pnl)


def days(count: int) -> Days:
    return np.arange(count).astype("datetime64[D]")


WORKED = Track(
    days=DAYS,
    equity=EQUITY,
    start=1000.0,
    gross=np.array([0.0, 220.0, 198.0, 0.0, 209.0, 242.0, 0.0, 0.0, 0.0, 0.0]),
    trips=trips((1, 3, 53.0), (4, 6, -30.0)),
    traded=830.0,
    commission=7.0,
    slippage=2.0,
    benchmark=np.array([50.0, 55.0, 49.5, 52.25, 52.25, 60.5, 54.45, 55.0, 60.5, 66.55]),
)


def near(value: float) -> object:
    return pytest.approx(value, rel=1e-12, abs=1e-9)


def test_ten_days_by_hand() -> None:
    """Returns are 0.1 -0.1 0.0555… 0 0.1578… -0.1 0.0101… 0.1 0.1; the benchmark is the same money in shares."""
    told = measure(WORKED)
    assert (told.sessions, told.final_equity_usd, told.total_return) == (10, 1331.0, near(0.331))
    assert told.cagr == near(1.331 ** (252 / 9) - 1)
    assert (told.max_drawdown, told.max_drawdown_sessions, told.max_drawdown_days) == (near(0.1), 4, 6)
    assert (told.max_drawdown_over, told.longest_drawdown_days) == (True, 6)
    assert (told.best_day, told.worst_day) == (near(1210 / 1045 - 1), near(-0.1))
    assert (told.best_month, told.worst_month) == (near(1331 / 1089 - 1), near(0.089))
    assert (told.trades, told.open_trades, told.win_rate) == (2, 0, 0.5)
    assert (told.average_win_usd, told.average_loss_usd, told.expectancy_usd) == (53.0, -30.0, 11.5)
    assert told.profit_factor == near(53 / 30)
    assert told.average_holding_days == 3.0
    assert (told.exposure, told.average_exposure) == (0.4, near(0.08))
    assert told.turnover == near(830 / EQUITY.mean() * 252 / 9)
    assert (told.commission_usd, told.slippage_usd, told.cost_share) == (7.0, 2.0, near(9 / 340))
    assert (told.alpha, told.beta) == (near(0.0), near(1.0))
    assert told.benchmark_return == near(0.331)


def test_a_loss_before_the_first_close_is_a_loss_and_a_drawdown() -> None:
    told = measure(Track(days(3), np.array([90.0, 95.0, 99.0]), 100.0))
    assert (told.total_return, told.max_drawdown) == (near(-0.01), near(0.1))
    assert (told.max_drawdown_over, told.max_drawdown_sessions, told.max_drawdown_days) == (False, 3, 2)
    assert told.worst_month == near(-0.01)
    assert told.worst_day == near(99 / 95 - 1)


def test_one_close_alone_has_no_ratio() -> None:
    told = measure(Track(days(1), np.array([100.0])))
    defined = {name for name, value in told if value is not None}
    assert defined == {"sessions", "final_equity_usd", "total_return", "max_drawdown", "best_month", "worst_month"}


def test_nothing_done_is_no_ratio_either() -> None:
    """Cash that lay there: what can be counted is nothing, what is divided by nothing is not there."""
    track = Track(days(300), np.full(300, 1e5), 1e5, np.zeros(300), trips(), 0.0, 0.0, 0.0)
    told = measure(track)
    counted = {name: value for name, value in told if value is not None}
    zero = {"total_return", "cagr", "volatility", "max_drawdown", "best_day", "worst_day", "best_month", "worst_month"}
    zero |= {"var_95", "cvar_95", "trades", "open_trades", "exposure", "average_exposure", "turnover"}
    zero |= {"commission_usd", "slippage_usd"}
    assert counted == {"sessions": 300, "final_equity_usd": 1e5} | dict.fromkeys(zero, 0.0)


def test_everything_lost_and_more() -> None:
    told = measure(Track(days(4), np.array([100.0, 50.0, -20.0, -10.0]), gross=np.full(4, 60.0)))
    assert (told.total_return, told.cagr, told.max_drawdown) == (near(-1.1), -1.0, 1.0)
    assert told.worst_day == near(-1.4)
    assert told.average_exposure == near((0.6 + 1.2) / 2)


def test_only_winners_have_no_profit_factor() -> None:
    told = measure(Track(days(4), np.full(4, 10.0), trips=trips((0, 1, 1.0), (1, 2, 0.0), (2, OPEN, -9.0))))
    assert (told.win_rate, told.profit_factor, told.average_loss_usd) == (1.0, None, None)
    assert (told.trades, told.open_trades, told.expectancy_usd) == (2, 1, 0.5)


def test_a_benchmark_that_begins_later_is_compared_from_then_on() -> None:
    benchmark = EQUITY / 20
    benchmark[:3] = np.nan
    told = measure(Track(DAYS, EQUITY, benchmark=benchmark))
    assert (told.beta, told.benchmark_return) == (near(1.0), near(1331 / 1045 - 1))
    nothing = measure(Track(DAYS, EQUITY, benchmark=np.full(10, np.nan)))
    assert (nothing.alpha, nothing.beta, nothing.benchmark_return) == (None, None, None)


@pytest.mark.parametrize("seed", range(5))
def test_quantstats_finds_the_same_of_an_equity_curve(seed: int) -> None:
    equity = 1e5 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0.0005, 0.012, 1000)))
    dates = pd.bdate_range("2010-01-04", periods=1000)
    told = measure(Track(dates.to_numpy().astype("datetime64[D]"), equity))
    returns = pd.Series(equity, dates).pct_change().dropna()
    names = ("comp", "cagr", "volatility", "sharpe", "sortino", "calmar", "skew", "kurtosis", "tail_ratio", "best")
    fields = ("total_return", "cagr", "volatility", "sharpe", "sortino", "calmar", "skew", "kurtosis", "tail_ratio")
    for name, field in zip(names, (*fields, "best_day"), strict=True):
        assert getattr(told, field) == pytest.approx(getattr(quantstats.stats, name)(returns), rel=1e-9), name
    assert told.max_drawdown == pytest.approx(-quantstats.stats.max_drawdown(returns), rel=1e-9)


@given(
    equity=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30).filter(lambda values: values[0] > 1),
    factor=st.floats(0.5, 2.0),
)
@settings(max_examples=200, deadline=None)
def test_whatever_the_equity_a_metric_is_finite_or_none(equity: list[float], factor: float) -> None:
    benchmark = np.array(equity[::-1]) * factor
    told = measure(Track(days(len(equity)), np.array(equity), gross=np.abs(equity), benchmark=benchmark))
    assert all(value is None or math.isfinite(value) for _, value in told)
    assert told.max_drawdown is not None
    assert 0 <= told.max_drawdown <= 1


@given(moves=st.lists(st.floats(-0.2, 0.2), min_size=3, max_size=40), factor=st.floats(1e-3, 1e3))
@settings(max_examples=100, deadline=None)
def test_no_ratio_knows_how_much_money_there_was(moves: list[float], factor: float) -> None:
    equity = 1e5 * np.cumprod(1 + np.array(moves))
    one, other = (measure(Track(days(len(moves)), values)) for values in (equity, equity * factor))
    for name in ("total_return", "cagr", "volatility", "max_drawdown", "best_day", "var_95"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-6, abs=1e-9), name


def test_every_field_stands_in_the_table_with_its_definition() -> None:
    assert [measure.field for measure in MEASURES] == list(Metrics.model_fields)
    assert all(measure.label and measure.definition for measure in MEASURES)
    assert len({(measure.label, measure.unit) for measure in MEASURES}) == len(MEASURES)


@pytest.mark.parametrize(
    ("unit", "value", "words"),
    [
        (Unit.FRACTION, -0.01234, "-1.23%"),
        (Unit.FALL, 0.423285, "-42.33%"),
        (Unit.RATIO, 0.490591, "0.491"),
        (Unit.USD, -1234.5, "-1,234.50 USD"),
        (Unit.DAYS, 43.6519, "43.65 calendar days"),
        (Unit.DAYS, 1236, "1,236 calendar days"),
        (Unit.SESSIONS, 2736, "2,736 sessions"),
        (Unit.TRADES, 0, "0"),
        (Unit.FLAG, True, "yes"),
        (Unit.FLAG, False, "no"),
        (Unit.RATIO, None, NOT_DEFINED),
    ],
)
def test_a_measure_is_shown_with_its_unit(unit: Unit, value: float | None, words: str) -> None:
    assert shown(Measure("field", "Label", unit, "", ""), value) == words
