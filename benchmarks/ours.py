"""This program's engine over columns, compiled or in plain Python, under the same measurement as its peers."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path

import numpy as np

from backtest.columns.engine import run_columns, sweep_columns
from backtest.data.loading import Wanted, load_panel
from backtest.data.panel import Panel
from benchmarks.scenarios import SCENARIOS, Scenario
from benchmarks.task import CASH, FAST, PAIRS, RATE, SLOW, answer, seconds
from trading.backtest_plan import Frictions, Plan, SizedBy, Sizing
from trading.costs import Costs
from trading.limits import Limits

LIMITED = Sizing(by=SizedBy.EQUITY, amount=Decimal("0.15"))


def plan_of(panel: Panel, sizing: Sizing, cash: float, *, limits: Limits | None = None) -> Plan:
    """Averages that cross over all of a panel, filled at the next open for 5 basis points."""
    return Plan(
        strategy="sma_cross",
        parameters={"fast": FAST, "slow": SLOW},
        symbols=panel.symbols,
        from_on=panel.days[0].item(),
        to_on=panel.days[-1].item(),
        cash=Decimal(int(cash)),
        frictions=Frictions(costs=Costs(slippage_bps=Decimal(0), commission_bps=Decimal(str(RATE * 1e4)))),
        sizing=sizing,
        limits=limits,
    )


def sizing_of(scenario: Scenario) -> Sizing:
    """A scenario's size of an entry."""
    if scenario.fixed:
        return Sizing(by=SizedBy.FIXED, amount=Decimal(scenario.fixed))
    return Sizing(by=SizedBy.EQUITY, amount=Decimal(str(scenario.part)))


def replayed(panel: Panel, scenario: Scenario, *, compiled: bool) -> None:
    """A scenario, to the cent."""
    told = run_columns(panel, plan_of(panel, sizing_of(scenario), scenario.cash), compiled=compiled)
    done = told.fills
    fills = zip(done.day.tolist(), done.symbol.tolist(), done.shares.tolist(), done.price.tolist(), strict=True)
    answer(equity=told.equity.tolist(), fills=sorted(fills))


def raced(panel: Panel, *, compiled: bool) -> None:
    """Twenty symbols on one account, with the four limits on; a sweep of 200 combinations."""
    plan = plan_of(panel, LIMITED, CASH, limits=Limits())
    pairs = [{"fast": fast, "slow": slow} for fast, slow in PAIRS]
    first = seconds(lambda: run_columns(panel, plan, compiled=compiled))
    warm = seconds(lambda: run_columns(panel, plan, compiled=compiled), 5)
    cold = seconds(lambda: sweep_columns(panel, plan, pairs, compiled=compiled))
    sweep = seconds(lambda: sweep_columns(panel, plan, pairs, compiled=compiled), 3) if compiled else cold
    answer(first=first, warm=warm, combination=sweep / len(pairs), fidelity="one account, four limits")


if __name__ == "__main__":
    np.seterr(all="raise")
    what, path, how = sys.argv[1:]
    told = SCENARIOS.get(what)
    given = load_panel(Path(path), Wanted(symbols=told.symbols if told else None))
    if told is None:
        raced(given, compiled=how == "compiled")
    else:
        replayed(given, told, compiled=how == "compiled")
