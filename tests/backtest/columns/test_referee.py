"""Runs whose end several engines agree upon to the cent: real prices, SMA 10/30, next open, 5 basis points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backtest.columns import run_columns
from backtest.data.panel import Panel
from tests.backtest.columns.scenes import FIVE_BPS, ROOT, SHARED, fixed, of_equity, plan, read
from trading.limits import Limits

SCENARIOS: dict[str, dict[str, Any]] = {
    "S1": {"symbols": ("AAPL",), "cash": 1_000_000, "sizing": fixed(1000)},
    "S2": {"symbols": ("AAPL",), "cash": 100_000, "sizing": of_equity("0.90")},
    "S3": {"cash": 1_000_000, "sizing": of_equity("0.045")},
    "S4": {"cash": 1_000_000, "sizing": of_equity("0.15"), "limits": Limits()},
}
OF_THE_SAMPLE = {
    "S1": (1_062_208.05, 7),
    "S2": (149_815.9242, 7),
    "S3": (1_130_515.6077, 196),
    "S4": (1_222_096.9927, 104),
}
OF_ELEVEN_YEARS = {
    "S1": (1_120_355.1945, 93),
    "S2": (658_008.5298, 93),
    "S3": (1_708_143.5325, 1_994),
    "S4": (1_889_490.4585, 1_012),
}


@pytest.fixture(scope="module")
def sample() -> Panel:
    return read(ROOT / "data" / "sample_daily.parquet", ROOT / "data" / "sectors.csv")


def shared(name: str) -> Panel:
    if not (SHARED / name).exists():
        pytest.skip(f"the shared panel {name} is not beside the repository")
    return read(SHARED / name, SHARED / "sectors.csv")


@pytest.fixture(scope="module")
def panel20() -> Panel:
    return shared("panel20_daily.parquet")


def asked(over: Panel, scenario: str) -> Any:
    return plan(over, parameters={"fast": 10, "slow": 30}, frictions=FIVE_BPS, **SCENARIOS[scenario])


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_sample_ends_where_sums_made_apart_end(sample: Panel, scenario: str, compiled: bool) -> None:  # noqa: FBT001
    ran = run_columns(sample, asked(sample, scenario), compiled=compiled)
    final, fills = OF_THE_SAMPLE[scenario]
    assert round(float(ran.equity[-1]), 4) == final
    assert len(ran.fills) == fills


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_eleven_years_end_where_four_engines_end(panel20: Panel, scenario: str, compiled: bool) -> None:  # noqa: FBT001
    ran = run_columns(panel20, asked(panel20, scenario), compiled=compiled)
    final, fills = OF_ELEVEN_YEARS[scenario]
    assert round(float(ran.equity[-1]), 4) == final
    assert len(ran.fills) == fills
    first = ran.fills.day[0]
    assert first > 30, "the first crossing that counts is at bar 30, and is filled at the next open"


def test_sharpe_and_drawdown_with_limits_are_the_known_ones(panel20: Panel) -> None:
    equity = run_columns(panel20, asked(panel20, "S4")).equity
    returns = equity[1:] / equity[:-1] - 1
    assert round(float(returns.mean() / returns.std(ddof=1) * np.sqrt(252)), 6) == 0.490591
    assert round(float((equity / np.maximum.accumulate(equity) - 1).min()), 6) == -0.423285


@pytest.mark.faults
def test_two_averages_that_are_equal_have_not_crossed() -> None:
    """MCD, 2016-10-05: SMA 10 and SMA 30 are the same number, which float sums that are carried along do not see."""
    us = shared("us_daily.parquet")
    day = int(np.searchsorted(us.days, np.datetime64("2016-10-05")))
    close = us.close[: day + 1, us.symbols.index("MCD")]
    ten, thirty = (np.rint(close[-n:] * 10_000).astype(int).sum() for n in (10, 30))
    assert ten * 30 == thirty * 10
    ran = run_columns(us, plan(us, symbols=("MCD",), cash=100_000, sizing=fixed(100)))
    decided = ran.days[ran.fills.day - 1]
    assert np.datetime64("2016-10-05") not in decided.tolist()
