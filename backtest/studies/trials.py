"""Combinations of parameters run over one panel, by whichever engine can."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
from pydantic import ValidationError

from backtest.columns import can_run, pays, run_columns, sweep_columns
from backtest.data.panel import Column, Panel
from backtest.results.result import CYCLE_FAILED, Result
from trading.backtest_plan import Engine, Plan
from trading.backtesting import MonteCarloAsked, Span, StudyAsked
from trading.errors import BadConfiguration, Retryable
from trading.grids import Parameters
from trading.strategy_ports import Rules

_Found = TypeVar("_Found")
_THREADS = 2
"""One computes while the other prepares; a third would wait for the interpreter, and each keeps memory of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """One combination over D days: equity [D] dollars at each close and how many fills, or why it could not be run."""

    parameters: Parameters
    equity: Column | None = None
    fills: int = 0
    error: str | None = None


def engine_of(asked: StudyAsked, panel: Panel) -> Engine:
    """The engine that was asked for, else columns where they can. Raises BadConfiguration when they were and cannot."""
    reasons = [can_run(one, panel) for one in samples(asked)] if asked.engine is not Engine.CYCLES else []
    able = None in reasons
    if asked.engine is Engine.COLUMNS and not able:
        raise BadConfiguration(f"the columns engine cannot run this: {reasons[0]}")
    return asked.engine or (Engine.COLUMNS if able else Engine.CYCLES)


def samples(asked: StudyAsked) -> list[Plan]:
    """The plan with a few of its combinations: a rule may have parameters that only the grid gives."""
    if isinstance(asked, MonteCarloAsked):
        return [asked.plan]
    numbers = sorted({0, asked.grid.size // 2, asked.grid.size - 1})
    return [with_parameters(asked.plan, asked.grid.at(number)) for number in numbers]


def within(plan: Plan, span: Span) -> Plan:
    """The plan over these sessions alone; what comes before them warms up."""
    return plan.model_copy(update={"from_on": span.from_on, "to_on": span.to_on})


def with_parameters(plan: Plan, parameters: Parameters) -> Plan:
    """The plan with these over its own."""
    return plan.model_copy(update={"parameters": plan.parameters | parameters})


class Engines:
    """What runs plans, in a thread: the loop stays free to say that it lives. `rules` finds those of whole cycles."""

    def __init__(self, rules: Rules | None = None) -> None:
        self._rules = rules
        self._threads = ThreadPoolExecutor(_THREADS)

    async def try_all(
        self, panel: Panel, plan: Plan, engine: Engine, combinations: Sequence[Parameters], *, of: int = 1
    ) -> list[Tried]:
        """Each combination. One that fails says why. Raises Retryable errors: they are no combination's fault.

        `of` so many in all: where that is much, even a few of them are worth compiling for.
        """
        if engine is Engine.CYCLES:
            return [await self._apart(partial(self._by_cycles, panel, plan, one)) for one in combinations]
        compiled = True if pays(panel.close.size * of) else None
        return await self._apart(partial(_by_columns, panel, plan, combinations, compiled=compiled))

    async def run_once(self, panel: Panel, plan: Plan, engine: Engine) -> Result:
        """One plan, whole."""
        if engine is Engine.CYCLES:
            return await self._apart(partial(self._lived, panel, plan))
        return await self._apart(partial(run_columns, panel, plan))

    async def _apart(self, run: Callable[[], _Found]) -> _Found:
        return await asyncio.get_running_loop().run_in_executor(self._threads, run)

    def _lived(self, panel: Panel, plan: Plan) -> Result:
        # A sweep of columns should not wait for the imports of a whole desk.
        from backtest.cycles.deciders import Deciders  # noqa: PLC0415
        from backtest.cycles.run import run_cycles  # noqa: PLC0415

        deciders = Deciders() if self._rules is None else Deciders(rules=self._rules)
        return asyncio.run(run_cycles(panel, plan, deciders))

    def _by_cycles(self, panel: Panel, plan: Plan, parameters: Parameters) -> Tried:
        plan = with_parameters(plan, parameters)
        try:
            result = self._lived(panel, plan)
        except Retryable:
            raise
        except Exception as error:  # noqa: BLE001  whatever a rule did, the others are run
            return Tried(dict(parameters), error=_told(error))
        if failed := [one for one in result.cautions if one.code == CYCLE_FAILED]:
            # Such a day trades nothing. That is safe for a desk; a trial that sat it out would be no worse than cash.
            return Tried(dict(parameters), error=failed[0].reason)
        return Tried(dict(parameters), result.equity, len(result.fills))


def _by_columns(panel: Panel, plan: Plan, combinations: Sequence[Parameters], *, compiled: bool | None) -> list[Tried]:
    """All at once; where that fails as a whole, one by one, so that only the culprit does."""
    try:
        table = sweep_columns(panel, plan, combinations, compiled=compiled)
    except Retryable:
        raise
    except Exception as error:  # noqa: BLE001  as above
        if len(combinations) == 1:
            return [Tried(dict(combinations[0]), error=_told(error))]
        return [tried for one in combinations for tried in _by_columns(panel, plan, [one], compiled=compiled)]
    return [
        Tried(dict(one), np.ascontiguousarray(equity), int(fills)) if error is None else Tried(dict(one), error=error)
        for one, equity, fills, error in zip(combinations, table.equity, table.fills, table.errors, strict=True)
    ]


def _told(error: Exception) -> str:
    """One sentence about what went wrong."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return str(first["msg"]).removeprefix("Value error, ")
    words = " ".join(str(error).split())
    return words if isinstance(error, (ValueError, RuntimeError)) and words else f"{type(error).__name__}: {words}"
