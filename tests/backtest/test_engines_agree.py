"""A rule that both engines can run makes the same fills in both; only one of them rounds to the cent."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from backtest.columns.engine import run_columns
from backtest.cycles.run import run_cycles
from backtest.results.result import Result
from tests.backtest import panels
from tests.backtest.replaying import WARM, plan
from trading.backtest_plan import FillAt, Frictions, SizedBy, Sizing
from trading.costs import Costs

HALF_A_CENT = 0.005 + 1e-9
PANEL = panels.made_up(("AAA", "BBB", "CCC", "DDD", "EEE"), WARM + 45, seed=11)
COSTS = Costs(slippage_bps=Decimal(0), commission_bps=Decimal(5))
FIXED = Sizing(by=SizedBy.FIXED, amount=Decimal(100))
PART = Sizing(by=SizedBy.EQUITY, amount=Decimal("0.15"))


def told(result: Result) -> list[tuple[object, ...]]:
    """Which fills there were: day, symbol, shares, price, leg."""
    fills = result.fills
    return list(zip(*(getattr(fills, name) for name in ("day", "symbol", "shares", "price", "leg")), strict=True))


@pytest.mark.parametrize(
    ("symbols", "sizing", "fill"),
    [(1, FIXED, FillAt.NEXT_OPEN), (1, PART, FillAt.CLOSE), (5, PART, FillAt.NEXT_OPEN)],
)
async def test_both_engines_make_the_same_fills(symbols: int, sizing: Sizing, fill: FillAt) -> None:
    panel = panels.of(PANEL, PANEL.symbols[:symbols])
    wanted = plan(
        panel,
        "sma-cross",
        parameters={"fast": 3, "slow": 8},
        sizing=sizing,
        fill=fill,
        limits=None,
        frictions=Frictions(costs=COSTS),
    )
    cycles, columns = await run_cycles(panel, wanted), run_columns(panel, wanted, compiled=False)
    assert len(cycles.fills) >= 5 * symbols
    assert told(cycles) == told(columns)
    off = np.abs(cycles.fills.commission - columns.fills.commission)
    assert off.max() <= HALF_A_CENT
    assert np.array_equal(cycles.positions, columns.positions)
    # A commission and a notional are each rounded once, at the fill.
    so_far = np.searchsorted(cycles.fills.day, np.arange(len(cycles.days)), side="right")
    assert (np.abs(cycles.equity - columns.equity) <= 2 * HALF_A_CENT * so_far + 1e-6).all()
    assert np.allclose(cycles.closes, columns.closes)
    assert cycles.refusals == columns.refusals
