"""Ratios against quantstats, empyrical and scipy, wherever the definitions are the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import empyrical
import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import quantstats.stats as quantstats
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from trading import ratios
from trading.performance import compounded, drawdown_of, sharpe, sortino
from trading.track import Column

SAMPLE = Path(__file__).parents[2] / "data" / "sample_daily.parquet"
Told = Callable[[Any], Any]
GREEKS: Any = quantstats.greeks
DRAWDOWNS: Any = quantstats.drawdown_details
UNDER_WATER: Any = quantstats.to_drawdown_series
"""They carry no types."""
LENGTH = {"random-5": 5, "random-63": 63, "random-2000": 2000, "heavy-tails": 1000, "falling": 250}


def prices_of(symbol: str) -> Column:
    table = pq.read_table(SAMPLE, columns=["symbol", "close"])
    closes: Column = table.filter(pc.equal(table["symbol"], symbol))["close"].to_numpy()
    return closes


def series(name: str) -> Column:
    random = np.random.default_rng(len(name))
    if name.startswith("random"):
        return random.normal(0.0004, 0.012, LENGTH[name])
    if name == "heavy-tails":
        return random.standard_t(3, LENGTH[name]) * 0.01
    if name == "falling":
        return random.normal(-0.003, 0.01, LENGTH[name])
    return ratios.returns_of(prices_of(name))


SERIES = [*LENGTH, "AAPL", "JPM"]


def deepest(returns: Column) -> float:
    return -drawdown_of(returns.tolist()).deepest


def growth(returns: Column) -> float | None:
    return ratios.growth(compounded(returns.tolist()), len(returns))


def calmar(returns: Column) -> float | None:
    return ratios.calmar(growth(returns), -deepest(returns))


SAME: list[tuple[Told, Told]] = [
    (lambda r: compounded(r.tolist()), quantstats.comp),
    (lambda r: compounded(r.tolist()), empyrical.cum_returns_final),
    (growth, quantstats.cagr),
    (growth, empyrical.cagr),
    (ratios.volatility, quantstats.volatility),
    (ratios.volatility, empyrical.annual_volatility),
    (lambda r: sharpe(r.tolist()), quantstats.sharpe),
    (lambda r: sharpe(r.tolist()), empyrical.sharpe_ratio),
    (lambda r: sortino(r.tolist()), quantstats.sortino),
    (lambda r: sortino(r.tolist()), empyrical.sortino_ratio),
    (deepest, quantstats.max_drawdown),
    (deepest, empyrical.max_drawdown),
    (calmar, quantstats.calmar),
    (calmar, empyrical.calmar_ratio),
    (ratios.tail_ratio, quantstats.tail_ratio),
    (ratios.tail_ratio, empyrical.tail_ratio),
    (ratios.value_at_risk, empyrical.value_at_risk),
    (ratios.conditional_value_at_risk, empyrical.conditional_value_at_risk),
    (ratios.skew, quantstats.skew),
    (ratios.skew, lambda r: scipy.stats.skew(r, bias=False)),
    (ratios.excess_kurtosis, quantstats.kurtosis),
    (ratios.excess_kurtosis, lambda r: scipy.stats.kurtosis(r, bias=False)),
    (np.max, quantstats.best),
    (np.min, quantstats.worst),
]


@pytest.mark.parametrize("name", SERIES)
@pytest.mark.parametrize(("ours", "theirs"), SAME)
def test_the_packages_find_the_same(ours: Told, theirs: Told, name: str) -> None:
    returns = series(name)
    dated = pd.Series(returns, index=pd.bdate_range("2010-01-04", periods=len(returns)))
    assert ours(returns) == pytest.approx(theirs(dated), rel=1e-9)


@pytest.mark.parametrize("name", ["random-63", "random-2000", "JPM"])
def test_the_packages_draw_the_same_line(name: str) -> None:
    theirs = series(name)
    ours = 0.0002 + 1.3 * theirs + np.random.default_rng(4).normal(0, 0.004, len(theirs))
    fitted = ratios.line(ours, theirs)
    assert fitted is not None
    dates = pd.bdate_range("2010-01-04", periods=len(ours))
    greeks = GREEKS(pd.Series(ours, dates), pd.Series(theirs, dates), prepare_returns=False)
    assert fitted == pytest.approx((greeks["alpha"], greeks["beta"]), rel=1e-9)
    alpha, beta = empyrical.alpha_beta_aligned(ours, theirs)
    assert (math.expm1(math.log1p(fitted.alpha / 252) * 252), fitted.beta) == pytest.approx((alpha, beta), rel=1e-9)
    assert fitted.beta == pytest.approx(scipy.stats.linregress(theirs, ours).slope, rel=1e-9)


def test_a_day_without_a_benchmark_counts_for_nothing() -> None:
    ours, theirs = series("random-63"), series("random-63")[::-1].copy()
    holed = theirs.copy()
    holed[[0, 17]] = np.nan
    assert ratios.line(ours, holed) == ratios.line(np.delete(ours, [0, 17]), np.delete(theirs, [0, 17]))
    assert ratios.line(ours, np.zeros(63)) is None


@pytest.mark.parametrize("name", ["random-2000", "JPM"])
def test_a_referee_finds_the_same_months(name: str) -> None:
    values = np.concatenate(([1.0], np.cumprod(1 + series(name))))
    dates = pd.bdate_range("2010-01-04", periods=len(values))
    told = pd.Series(values, dates).resample("ME").last()
    months = ratios.monthly_returns(dates.to_numpy().astype("datetime64[D]"), values, 1.0)
    assert months.returns == pytest.approx(told.pct_change().fillna(told.iloc[0] - 1).to_numpy(), abs=1e-12)
    assert months.month.astype(str).tolist() == told.index.strftime("%Y-%m").tolist()


@pytest.mark.parametrize("name", ["random-2000", "heavy-tails", "AAPL"])
def test_a_referee_finds_the_same_drawdowns(name: str) -> None:
    """Where quantstats tells its drawdowns day by day: the first day under water to the last, and how deep."""
    values = np.concatenate(([1.0], np.cumprod(1 + series(name))))
    dates = pd.bdate_range("2010-01-04", periods=len(values))
    told = DRAWDOWNS(UNDER_WATER(pd.Series(values, dates)))
    found = ratios.falls(values)
    assert [-100 * fall.depth for fall in found] == pytest.approx(told["max drawdown"].tolist(), rel=1e-9)
    assert [str(dates[fall.peak + 1].date()) for fall in found] == told["start"].tolist()
    ends = [dates[fall.end - 1 if fall.over else fall.end] for fall in found]
    assert [str(end.date()) for end in ends] == told["end"].tolist()


def test_falls_by_hand() -> None:
    values = np.array([10.0, 12.0, 9.0, 12.0, 13.0, 13.0, 12.35, 13.0 - 1.3])
    assert ratios.falls(values) == [
        ratios.Fall(1, 3, over=True, depth=0.25),
        ratios.Fall(5, 7, over=False, depth=1 - (13.0 - 1.3) / 13.0),
    ]
    assert ratios.falls(np.array([1.0, 1.0, 2.0])) == []


@given(returns=st.lists(st.floats(-0.9, 2.0), max_size=40))
@settings(max_examples=200, deadline=None)
def test_what_is_defined_is_finite_and_in_bounds(returns: list[float]) -> None:
    daily = np.array(returns)
    told = [
        *(one(daily) for one in (ratios.volatility, ratios.tail_ratio, ratios.skew, ratios.excess_kurtosis)),
        *(one(daily) for one in (growth, calmar, ratios.value_at_risk, ratios.conditional_value_at_risk)),
    ]
    assert all(one is None or math.isfinite(one) for one in told)
    worst, mean = ratios.value_at_risk(daily), ratios.conditional_value_at_risk(daily)
    assert worst is None or mean is None or mean <= worst + 1e-12


@pytest.mark.parametrize("flat", [[], [0.0], [0.01] * 2, [0.01] * 50])
def test_without_risk_there_is_no_shape(flat: list[float]) -> None:
    daily = np.array(flat)
    assert (ratios.skew(daily), ratios.excess_kurtosis(daily), ratios.moments(daily)) == (None, None, None)


def test_growth_to_nothing_and_of_no_time() -> None:
    assert (ratios.growth(-1.0, 10), ratios.growth(-1.5, 10), ratios.growth(0.1, 0)) == (-1.0, -1.0, None)
    assert ratios.growth(1e6, 1) is None
    assert ratios.returns_of(np.array([0.0, 5.0, -1.0, 2.0])).tolist() == [0.0, -1.2, 0.0]
