"""`sweep`, `walk-forward` and `monte-carlo`: run a study on the desk's servers or in this process, and show its end."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from backtest.data.panel import Panel
from backtest.data.panels import Panels
from backtest.studies.run_rows import MemoryRuns
from console.backtest_row import keep
from console.output import Output
from console.reach import Reach, reach
from console.study_bar import bar
from console.study_shown import show_summary
from console.study_wish import Asking, Ready
from settings import Settings
from trading.backtest_plan import Plan
from trading.backtest_ports import BacktestRuns
from trading.backtesting import (
    Chunk,
    ChunkDone,
    Ended,
    FoldAsked,
    FoldDone,
    Prepared,
    RunStatus,
    Source,
    StudyAsked,
    StudySummary,
)
from trading.errors import BadConfiguration
from trading.study import Study, Try, go_through
from wiring.studies import studies_of

INTERRUPTED = 130


class Where(NamedTuple):
    """Where a study runs: in this process, or on the desk's servers, waited for or not."""

    local: bool = False
    detach: bool = False


async def study(settings: Settings, output: Output, asking: tuple[Asking, Mapping[str, Any]], where: Where) -> int:
    """Read what was typed, run it, show what came of it; exit code 1 when nothing could be run."""
    began = time.perf_counter()
    if where.local and where.detach:
        raise BadConfiguration("--local runs in this process, which --detach would end: use one of them")
    with output.waiting("reading bars"):
        ready = await asking[0](asking[1], settings)
    found = None if where.local else _servers(settings, output, detach=where.detach)
    if found is None:
        summary, no_row = await _here(settings, output, ready)
    else:
        from console.study_watch import on_servers  # noqa: PLC0415  a study in this process needs no Temporal

        ended = await on_servers(settings, found, ready.asked, output, detach=where.detach)
        if ended is None:
            return 0
        summary, no_row = ended, None
    ran = {"where": "local" if found is None else "temporal", "seconds": round(time.perf_counter() - began, 3)}
    show_summary(output, summary, ran | {"kept": no_row is None}, no_row)
    return {RunStatus.COMPLETED: 0, RunStatus.CANCELLED: INTERRUPTED}.get(summary.status, 1)


def _servers(settings: Settings, output: Output, *, detach: bool) -> Reach | None:
    """The desk's servers; None where no desk runs: the study does not need one."""
    try:
        return reach(settings)
    except BadConfiguration:
        if detach:
            raise
        output.say("No desk is running: this study runs here, in this process.")
        return None


async def _here(settings: Settings, output: Output, ready: Ready) -> tuple[StudySummary, str | None]:
    rows = MemoryRuns()
    studies = studies_of(settings, rows, Panels(_given(ready.panel)) if ready.panel is not None else None)
    began = datetime.now(UTC)
    with bar(output) as tell:
        summary = await Study(ready.asked, tell).run(Here(studies))
    row = await rows.find(ready.asked.run_id)
    if row is None:
        return summary, "it had not begun"
    ended = row.model_copy(update={"started_at": began, "finished_at": datetime.now(UTC)})
    return summary, await keep(settings, ended)


def _given(panel: Panel) -> Any:
    """The bars that are read already."""

    async def load(_: Source, __: Plan) -> Panel:
        return panel

    return load


class Here:
    """The port `StudySteps`: every step a call in this process. Between two of them the bar may be drawn."""

    def __init__(self, runs: BacktestRuns) -> None:
        self._runs = runs

    async def prepare(self, asked: StudyAsked) -> Prepared:
        """Load and split."""
        return await self._runs.prepare(asked)

    async def run_chunk(self, chunk: Chunk) -> ChunkDone:
        """Run a chunk."""
        return await go_through(self._runs, chunk, Try(time.monotonic))

    async def judge_fold(self, asked: FoldAsked) -> FoldDone:
        """Judge a fold."""
        return await self._runs.judge(asked)

    async def finish(self, ended: Ended) -> StudySummary:
        """Sum up."""
        return await self._runs.finish(ended)
