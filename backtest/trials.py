"""Combinations of parameters run over one panel, by whichever engine can."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import ValidationError

from backtest.columns import can_run, run_columns, sweep_columns
from backtest.cycles.run import run_cycles
from backtest.panel import Column, Panel
from backtest.result import Result
from trading.backtest_plan import Engine, Plan
from trading.backtesting import Span, StudyAsked
from trading.errors import BadConfiguration, Retryable
from trading.grids import Parameters


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """One combination over D days: equity [D] dollars at each close and how many fills, or why it could not be run."""

    parameters: Parameters
    equity: Column | None = None
    fills: int = 0
    error: str | None = None


def engine_of(asked: StudyAsked) -> Engine:
    """The engine that was asked for, else columns where they can. Raises BadConfiguration when they were and cannot."""
    reason = can_run(asked.plan) if asked.engine is not Engine.CYCLES else None
    if asked.engine is Engine.COLUMNS and reason:
        raise BadConfiguration(f"the columns engine cannot run this: {reason}")
    return asked.engine or (Engine.CYCLES if reason else Engine.COLUMNS)


def within(plan: Plan, span: Span) -> Plan:
    """The plan over these sessions alone; what comes before them warms up."""
    return plan.model_copy(update={"from_on": span.from_on, "to_on": span.to_on})


def with_parameters(plan: Plan, parameters: Parameters) -> Plan:
    """The plan with these over its own."""
    return plan.model_copy(update={"parameters": plan.parameters | parameters})


async def try_all(panel: Panel, plan: Plan, engine: Engine, combinations: Sequence[Parameters]) -> list[Tried]:
    """Each combination, in a thread: the loop stays free to say that it lives. One that fails says why.

    Raises Retryable errors: they are no combination's fault.
    """
    if engine is Engine.CYCLES:
        return [await asyncio.to_thread(_by_cycles, panel, plan, one) for one in combinations]
    return await asyncio.to_thread(_by_columns, panel, plan, combinations)


async def run_once(panel: Panel, plan: Plan, engine: Engine) -> Result:
    """One plan, whole."""
    if engine is Engine.CYCLES:
        return await asyncio.to_thread(lambda: asyncio.run(run_cycles(panel, plan)))
    return await asyncio.to_thread(run_columns, panel, plan)


def _by_columns(panel: Panel, plan: Plan, combinations: Sequence[Parameters]) -> list[Tried]:
    """All at once; where that fails as a whole, one by one, so that only the culprit does."""
    try:
        table = sweep_columns(panel, plan, combinations)
    except Retryable:
        raise
    except Exception as error:  # noqa: BLE001  whatever a rule did, the others are run
        if len(combinations) == 1:
            return [Tried(dict(combinations[0]), error=_told(error))]
        return [tried for one in combinations for tried in _by_columns(panel, plan, [one])]
    return [
        Tried(dict(one), np.ascontiguousarray(equity), int(fills)) if error is None else Tried(dict(one), error=error)
        for one, equity, fills, error in zip(combinations, table.equity, table.fills, table.errors, strict=True)
    ]


def _by_cycles(panel: Panel, plan: Plan, parameters: Parameters) -> Tried:
    try:
        result = asyncio.run(run_cycles(panel, with_parameters(plan, parameters)))
    except Retryable:
        raise
    except Exception as error:  # noqa: BLE001  as above
        return Tried(dict(parameters), error=_told(error))
    return Tried(dict(parameters), result.equity, len(result.fills))


def _told(error: Exception) -> str:
    """One sentence about what went wrong."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return str(first["msg"]).removeprefix("Value error, ")
    words = " ".join(str(error).split())
    return words if isinstance(error, (ValueError, RuntimeError)) and words else f"{type(error).__name__}: {words}"
