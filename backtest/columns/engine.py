"""A plan over columns: signals once for all days, then one pass over what happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from backtest.columns.table import SweepTable
from backtest.panel import Panel
from backtest.result import Result
from trading.backtest_plan import Plan


def can_run(plan: Plan) -> str | None:
    """Why this engine cannot run a plan, in one sentence; None when it can."""
    raise NotImplementedError(plan.strategy)


def run_columns(panel: Panel, plan: Plan, *, compiled: bool = True) -> Result:
    """What the plan would have brought; `compiled` or in plain Python, with the same fills.

    Raises BadPlan for a plan that this engine cannot run or whose parameters are no rule's.
    """
    raise NotImplementedError((panel.symbols, plan.strategy, compiled))


def sweep_columns(
    panel: Panel, plan: Plan, combinations: Sequence[Mapping[str, JsonValue]], *, compiled: bool = True
) -> SweepTable:
    """The plan once for each combination of parameters, which go over the plan's own. One that fails says why."""
    raise NotImplementedError((panel.symbols, plan.strategy, combinations, compiled))
