"""Studies for tests: two averages that cross over three symbols of the sample, and the steps of one in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from backtest.data.panel import Panel
from backtest.studies.run_rows import MemoryRuns
from backtest.studies.runs import Studies
from backtest.studies.trials import Engines, Tried
from console.study import Here
from trading.backtest_plan import Engine, Frictions, Plan, SizedBy, Sizing
from trading.backtesting import (
    MonteCarloAsked,
    Source,
    StudyAsked,
    StudySummary,
    SweepAsked,
    WalkForwardAsked,
)
from trading.costs import Costs
from trading.grids import Parameters, grid_of
from trading.study import Study

SYMBOLS = ("AAPL", "IBM", "MSFT")
GRID = ("fast=5..50:5", "slow=20,40,60")
"""Thirty combinations, of which some have a fast average that is not the faster one."""
COSTS = Frictions(costs=Costs.model_validate({"commission_bps": "5", "slippage_bps": "0"}))


def plan(data: Path, **changes: object) -> Plan:
    """The crossing over everything that the sample has of these symbols."""
    days = pq.read_table(next(data.glob("*.parquet")), columns=["date"])["date"].to_pylist()
    fields: dict[str, object] = {
        "strategy": "sma_cross",
        "parameters": {"fast": 10, "slow": 30},
        "symbols": SYMBOLS,
        "from_on": _on(min(days)),
        "to_on": _on(max(days)),
        "cash": Decimal(100_000),
        "frictions": COSTS,
        "sizing": Sizing(by=SizedBy.EQUITY, amount=Decimal("0.3")),
        "limits": None,
    }
    return Plan.model_validate(fields | changes)


def sweep(data: Path, *axes: str, **changes: Any) -> SweepAsked:
    """A sweep of it."""
    fields = {"run_id": "sweep-1", "source": Source(data=str(data)), "plan": plan(data), "grid": grid_of(axes or GRID)}
    return SweepAsked.model_validate(fields | changes)


def walk(data: Path, **changes: Any) -> WalkForwardAsked:
    """A walk forward through it."""
    fields = {"run_id": "walk-1", "source": Source(data=str(data)), "plan": plan(data), "grid": grid_of(GRID)}
    return WalkForwardAsked.model_validate({**fields, "train": 120, "test": 60, **changes})


def monte_carlo(data: Path, **changes: Any) -> MonteCarloAsked:
    """Other courses of it."""
    fields = {"run_id": "mc-1", "source": Source(data=str(data)), "plan": plan(data), "trials": 200}
    return MonteCarloAsked.model_validate(fields | changes)


async def run_here(asked: StudyAsked, rows: MemoryRuns | None = None) -> StudySummary:
    """A study in this process, from its preparation to its summary."""
    return await Study(asked).run(Here(Studies(rows or MemoryRuns())))


class Slowly(Engines):
    """Tries combinations one after the other, each for so long, and notes what it tries."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds
        self.tried: list[Parameters] = []

    async def try_all(
        self, panel: Panel, plan: Plan, engine: Engine, combinations: Sequence[Parameters], *, of: int = 1
    ) -> list[Tried]:
        for one in combinations:
            self.note(one)
            await asyncio.sleep(self._seconds)
        return await super().try_all(panel, plan, engine, combinations, of=of)

    def note(self, parameters: Parameters) -> None:
        self.tried.append(parameters)


def _on(day: Any) -> date:
    return date.fromisoformat(str(day)[:10])
