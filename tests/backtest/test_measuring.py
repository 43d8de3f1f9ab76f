"""A result's metrics: slippage is what fills were worse than the open, trades and costs add up to the equity."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from backtest.columns.engine import run_columns
from backtest.data.loading import Wanted, load_panel
from backtest.data.panel import Panel
from backtest.measures.measuring import measured, slippage_of, track_of
from backtest.measures.round_trips import trades_of
from tests.backtest.made import CASH, Did, made
from trading.backtest_plan import Frictions, Plan, SizedBy, Sizing
from trading.costs import Costs
from trading.limits import Limits

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "sample_daily.parquet"
PANEL20 = ROOT.parent / "shared" / "data" / "panel20_daily.parquet"


def plan_of(panel: Panel, frictions: Frictions, *, part: str = "0.1", limits: Limits | None = None) -> Plan:
    return Plan(
        strategy="sma_cross",
        parameters={"fast": 10, "slow": 30},
        symbols=panel.symbols,
        from_on=panel.days[0].item(),
        to_on=panel.days[-1].item(),
        cash=Decimal(1_000_000),
        frictions=frictions,
        sizing=Sizing(by=SizedBy.EQUITY, amount=Decimal(part)),
        limits=limits,
    )


def test_slippage_is_what_fills_were_worse_than_the_open() -> None:
    panel = load_panel(SAMPLE, Wanted())
    costs = Costs(slippage_bps=Decimal(7), commission_bps=Decimal(5))
    result = run_columns(panel, plan_of(panel, Frictions(costs=costs, spread_bps=Decimal(6))), compiled=False)
    fills, told = result.fills, measured(result)
    opened = panel.open[fills.day, fills.symbol]
    assert len(fills) > 20
    assert slippage_of(result) == pytest.approx(fills.shares * (fills.price - opened), rel=1e-9)
    assert told.slippage_usd == pytest.approx(np.sum(np.abs(fills.shares) * opened) * 0.001, rel=1e-3)
    assert told.commission_usd == pytest.approx(np.sum(np.abs(fills.shares) * fills.price) * 0.0005, rel=1e-9)


def test_a_target_was_filled_at_its_price() -> None:
    did = [Did(0, 0, 10, 10.0, 1.0), Did(2, 0, -10, 12.0, 1.0, "target"), Did(2, 0, 5, 12.0, 0.0)]
    result = made([[10.0], [11.0], [12.0], [12.0]], did)
    slipped = Frictions(costs=Costs(slippage_bps=Decimal(100)))
    plan = result.plan.model_copy(update={"frictions": slipped})
    object.__setattr__(result, "plan", plan)
    assert slippage_of(result).tolist() == pytest.approx([1 / 1.01, 0.0, 0.6 / 1.01])


def test_trades_make_the_equity() -> None:
    did = [Did(0, 0, 10, 10.0, 1.0), Did(1, 1, 20, 5.0, 1.0), Did(2, 0, -10, 12.0, 1.0)]
    result = made([[10.0, 5.0], [11.0, 5.5], [12.0, 6.0]], did)
    told, track = measured(result), track_of(result)
    assert (told.trades, told.open_trades, told.expectancy_usd) == (1, 1, 18.0)
    assert trades_of(result).pnl.sum() == pytest.approx(result.equity[-1] - CASH)
    assert (track.put_in, track.traded, told.commission_usd) == (CASH, 320.0, 3.0)


@pytest.mark.skipif(not PANEL20.exists(), reason=f"there is no {PANEL20.name} in ../shared/data")
def test_four_engines_have_found_these_ratios() -> None:
    panel = load_panel(PANEL20, Wanted())
    frictions = Frictions(costs=Costs(slippage_bps=Decimal(0), commission_bps=Decimal(5)))
    told = measured(run_columns(panel, plan_of(panel, frictions, part="0.15", limits=Limits()), compiled=False))
    assert told.sharpe == pytest.approx(0.490591, abs=5e-7)
    assert told.max_drawdown == pytest.approx(0.423285, abs=5e-7)
    assert told.final_equity_usd == pytest.approx(1_889_490.4585, abs=5e-5)
