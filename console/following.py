"""Following a cycle live: look a few times a second, show each stage as it happens."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from rich.console import RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
)
from temporalio.service import RPCError, RPCStatusCode

from console.output import STYLES, Output, plain, toned
from console.stages import Line, Progress, Sight, stages
from trading.desk import CycleTicket
from trading.docket import CycleOutcome, CycleReport, Row
from workflows.trading_cycle import TradingCycle

LOOK_SECONDS = 0.25
# A look may be slow while a worker is being replaced; the display says so and looks again.
LOOK_TIMEOUT = timedelta(seconds=3)

Handle = WorkflowHandle[TradingCycle, CycleReport]
Show = Callable[[Sight], None]


async def follow(client: Client, ticket: CycleTicket, output: Output) -> CycleReport:
    """Show a cycle until it ends, and answer with its report."""
    handle: Handle = client.get_workflow_handle_for(TradingCycle.run, ticket.workflow_id)
    sight = Sight()
    with _display(output) as show:
        while True:
            sight = await _look(handle, sight.rows)
            show(sight)
            if sight.report is not None:
                return sight.report
            await asyncio.sleep(LOOK_SECONDS)


async def _look(handle: Handle, known: tuple[Row, ...]) -> Sight:
    try:
        described = await handle.describe(rpc_timeout=LOOK_TIMEOUT)
        if described.status is not WorkflowExecutionStatus.RUNNING:
            report = await _report(handle)
            return Sight(rows=report.rows or known, report=report)
        pending = described.raw_description.pending_activities
        doing = Counter(activity.activity_type.name for activity in pending)
        return Sight(rows=await _rows(handle, known), doing=doing, trouble=_trouble(pending))
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return Sight(trouble="waiting for its turn")
        return Sight(rows=known, trouble=f"no answer from Temporal: {error.message}")


async def _rows(handle: Handle, known: tuple[Row, ...]) -> tuple[Row, ...]:
    """The rows as the workflow has them; those of the look before while no worker answers."""
    try:
        return await handle.query(TradingCycle.decisions, rpc_timeout=LOOK_TIMEOUT)
    except (RPCError, WorkflowQueryFailedError):
        return known


async def _report(handle: Handle) -> CycleReport:
    """The report of a cycle that has ended; one that could not write its own has failed."""
    try:
        return await handle.result()
    except WorkflowFailureError as error:
        cycle_id = handle.id.removeprefix("cycle/")
        return CycleReport(cycle_id=cycle_id, outcome=CycleOutcome.FAILED, reason=str(error.cause)[:4000])


def _trouble(pending: Sequence[PendingActivityInfo]) -> str:
    """The activity that was tried most often, with what it last died of."""
    tried = [activity for activity in pending if activity.attempt > 1]
    if not tried:
        return ""
    worst = max(tried, key=lambda activity: activity.attempt)
    return f"{worst.activity_type.name}, try {worst.attempt}: {worst.last_failure.message or 'no answer'}"


@contextmanager
def _display(output: Output) -> Iterator[Show]:
    """A live list of stages on a terminal, a line a stage in a file, nothing for a program."""
    if output.as_json:
        yield lambda _: None
    elif output.console.is_terminal:
        with _live(output) as show:
            yield show
    else:
        yield _printed(output)


@contextmanager
def _live(output: Output) -> Iterator[Show]:
    spinner = Spinner("dots", style="cyan")
    with Live(console=output.console, refresh_per_second=10) as live, _logging_above():
        yield lambda sight: live.update(_table(stages(sight), spinner))


@contextmanager
def _logging_above() -> Iterator[None]:
    """While the list is redrawn, log lines go through it: they appear above, whole."""
    handlers = [each for each in logging.getLogger().handlers if isinstance(each, logging.StreamHandler)]
    before = [(handler, handler.setStream(sys.stderr)) for handler in handlers]
    try:
        yield
    finally:
        for handler, stream in before:
            if stream is not None:
                handler.setStream(stream)


def _printed(output: Output) -> Show:
    """Each stage once, when it is done."""
    printed: set[str] = set()

    def show(sight: Sight) -> None:
        for line in stages(sight):
            if line.words and line.progress is Progress.DONE and line.stage not in printed:
                printed.add(line.stage)
                output.say(_table([line], Spinner("dots")))

    return show


def _table(lines: Sequence[Line], spinner: Spinner) -> Table:
    marks: dict[Progress, RenderableType] = {
        Progress.TO_COME: toned("·", "faint"),
        Progress.RUNNING: spinner,
        Progress.DONE: toned("✓", "good"),
        Progress.NOT_REACHED: toned("–", "faint"),
    }
    table = Table.grid(padding=(0, 1))
    table.add_column(width=3, justify="right")
    table.add_column(width=11, no_wrap=True)
    table.add_column(overflow="fold")
    for line in lines:
        waiting = line.progress in {Progress.TO_COME, Progress.NOT_REACHED}
        words = str(line.progress) if line.progress is Progress.NOT_REACHED else plain(line.words)
        table.add_row(marks[line.progress], line.stage, words, style=STYLES["faint"] if waiting else "")
    return table
