"""Whole cycles and columns: where both can run a plan, they fill alike; cycles round to the cent, columns never."""

from __future__ import annotations

from typing import Any

import pytest

from backtest.columns import run_columns
from backtest.cycles.run import run_cycles
from backtest.results.result import Result
from tests.backtest import panels
from tests.backtest.columns.scenes import FIVE_BPS, fixed, of_equity, plan
from trading.backtest_plan import FillAt

FIRST = 255


def fills(result: Result) -> list[tuple[int, str, float, float]]:
    symbols = (result.symbols[at] for at in result.fills.symbol)
    columns = (result.fills.day.tolist(), symbols, result.fills.shares.tolist(), result.fills.price.tolist())
    return list(zip(*columns, strict=True))


@pytest.mark.parametrize(
    "fields",
    [
        {"sizing": fixed(100), "fill": FillAt.CLOSE},
        {"sizing": of_equity("0.045"), "parameters": {"fast": 5, "slow": 12}},
        {"sizing": of_equity("0.045"), "strategy": "sma-crossover", "parameters": {"fast": 5, "slow": 12}},
    ],
)
async def test_the_same_fills_and_the_same_equity_but_for_cents(fields: dict[str, Any]) -> None:
    whole = panels.sample()
    few = {"symbols": whole.symbols[:6], "from_on": whole.days[FIRST].item(), "cash": 1_000_000}
    asked = plan(whole, frictions=FIVE_BPS, **few, **fields)
    columns, cycles = run_columns(whole, asked), await run_cycles(whole, asked)
    assert len(columns.fills) > 3
    assert fills(columns) == fills(cycles)
    assert columns.equity == pytest.approx(cycles.equity, abs=0.01 * len(columns.fills))
