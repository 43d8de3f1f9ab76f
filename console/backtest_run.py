"""Running a plan by the engine that can, with a bar that shows how far it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from backtest.columns import can_run, run_columns
from backtest.data.panel import Panel
from backtest.results.result import Result
from console.output import Output
from trading.backtest_plan import Engine, Plan
from trading.errors import BadConfiguration

if TYPE_CHECKING:
    from backtest.cycles.deciders import Deciders
    from backtest.cycles.run import Progress

Tell = Callable[["Progress"], None]


def engine_for(asked: Engine | None, plan: Plan, panel: Panel) -> Engine:
    """The engine that was asked for, else the fastest that can. Raises BadConfiguration for one that cannot."""
    if asked is Engine.CYCLES:
        return Engine.CYCLES
    reason = can_run(plan, panel)
    if reason is None:
        return Engine.COLUMNS
    if asked is Engine.COLUMNS:
        raise BadConfiguration(f"--engine columns: {reason}")
    return Engine.CYCLES


async def run(engine: Engine, panel: Panel, plan: Plan, output: Output, deciders: Callable[[], Deciders]) -> Result:
    """What the plan brought; `deciders` are made for whole cycles alone."""
    if engine is Engine.COLUMNS:
        with output.waiting("replaying"):
            return await asyncio.to_thread(run_columns, panel, plan)
    from backtest.cycles.run import run_cycles  # noqa: PLC0415  half a second that columns need not wait for

    with bar(output) as tell:
        return await run_cycles(panel, plan, deciders(), tell)


@contextmanager
def bar(output: Output) -> Iterator[Tell]:
    """A bar of days; only on a terminal."""
    if output.as_json or not output.console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("  days"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[equity]}"))
    with Bar(*columns, TimeRemainingColumn(), console=output.console, transient=True) as shown:
        task = shown.add_task("", total=None, equity="")

        def tell(progress: Progress) -> None:
            shown.update(
                task, total=progress.total, completed=progress.done, equity=f"equity {progress.equity:,.0f} USD"
            )

        yield tell
