"""`backtests`: the runs that are kept, and those under way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from adapters.postgres.backtests import PostgresRuns
from adapters.temporal.connection import connect
from backtest.results.comparing import Compared
from console.kept_runs import kept_runs, named
from console.output import Output, grid, pairs, plain, title, toned
from console.reach import reach
from console.study_bar import described
from console.study_ends import Standing, standings
from console.study_shown import status, told, trials
from console.study_watch import Handle, asked_how_far, workflow_id
from settings import Settings
from trading.backtesting import (
    Ended,
    Objective,
    RunKind,
    RunProgress,
    RunRow,
    RunStatus,
    StudySummary,
    TrialLine,
)
from trading.errors import BadConfiguration
from trading.metrics import MEASURES, NOT_DEFINED, Measure, shown
from trading.study import best_of
from trading.study_summary import line_of
from wiring.studies import studies_of
from workflows.backtest import Backtest

LEAST_COMPARED = 2
CANCEL = "starter.py backtests cancel"
ENDED_BY_FORCE = "its workflow was ended by force"
NOBODY = "no worker answers: start `worker.py --queues backtests`"
SHOWN = {"total_return": "return", "sharpe": "Sharpe", "max_drawdown": "drawdown"}
NARROW = ("sharpe",)
ROOM_FOR_DAYS = 130
"""Columns of a terminal from which on a list says which days a run is of."""


async def listing(settings: Settings, output: Output, limit: int) -> int:
    """The newest runs."""
    async with kept_runs(settings) as runs:
        rows = await runs.listed(limit)
    open_ones = await standings(settings, rows)
    if not rows:
        output.show([], "No run is kept yet: starter.py backtest, sweep, walk-forward, monte-carlo")
        return 0
    document = [line_for(row, open_ones.get(row.run_id)) for row in rows]
    ended = [name for name, standing in open_ones.items() if standing.is_end]
    told = [toned(f"  {ended[0]}: {ENDED_BY_FORCE}; `{CANCEL}` sums up what was done", "odd")] if ended else []
    output.show(document, _listed(rows, open_ones, wide=output.console.width >= ROOM_FOR_DAYS), *told)
    return 0


async def show(settings: Settings, output: Output, run: str, most: int) -> int:
    """All of one run; of a study its best trials."""
    async with kept_runs(settings) as runs:
        row = await named(runs, run)
        best, kept = await best_trials(runs, row, most)
    objective = _objective(row)
    standing = (await standings(settings, [row])).get(row.run_id)
    document = whole_of(row, standing, best)
    output.show(document, title(f"{_kind(row)} {row.run_id}"), pairs(_card(row, standing)))
    if row.kind is RunKind.BACKTEST:
        output.say(title("Metrics"), _metrics(row))
    elif row.metrics:
        output.say(*told(StudySummary.model_validate(row.metrics), best, wide=output.is_wide))
    elif best:
        output.say(title(f"The best of {kept:,} so far"), trials(best, objective, wide=output.is_wide))
    return 0


async def best_trials(runs: PostgresRuns, row: RunRow, most: int) -> tuple[list[TrialLine], int]:
    """The best trials of a study, and how many trials are kept of it; none of a single backtest."""
    kept = [] if row.kind is RunKind.BACKTEST else await runs.trials(row.run_id)
    objective = _objective(row)
    return list(best_of((line_of(one, objective) for one in kept if not one.is_test), most)), len(kept)


def line_for(row: RunRow, standing: Standing | None) -> dict[str, Any]:
    """A run in a list, for a program."""
    return {**row.model_dump(mode="json", exclude={"asked", "card"}), "workflow": standing}


def whole_of(row: RunRow, standing: Standing | None, best: Iterable[TrialLine]) -> dict[str, Any]:
    """All of a run, for a program."""
    trials_ = [line.model_dump(mode="json") for line in best]
    return {**row.model_dump(mode="json"), "workflow": standing, "best": trials_}


async def compare(settings: Settings, output: Output, names: tuple[str, ...], html: str | None = None) -> int:
    """Runs beside each other; on a page too where one is asked for."""
    if len(names) < LEAST_COMPARED:
        raise BadConfiguration("one run is beside nothing: name two or more")
    async with kept_runs(settings) as runs:
        rows = [await named(runs, name) for name in names]
    page = None if html is None else _on_a_page(rows, Path(html))
    document = beside(rows) | {"html": None if page is None else str(page)}
    differ, brought, trials = document["differences"], document["metrics"], document["trials"]
    lines = [("trials", [f"{count:,}" for count in trials])]
    lines += [(_of(name).label, [shown(_of(name), value) for value in values]) for name, values in brought.items()]
    apart = (title("In what they differ"), _beside(rows, differ.items())) if differ else ()
    output.show(document, *apart, title("What they brought"), _beside(rows, lines))
    if page is not None:
        output.say("", f"  page: {page}")
    return 0


def beside(rows: Sequence[RunRow]) -> dict[str, Any]:
    """Runs beside each other, for a program: a list for each name has a value a run, in their order."""
    asked = {row.run_id: _settings(row) for row in rows}
    told_apart = list(dict.fromkeys(name for each in asked.values() for name in each))
    differ = {name: [asked[row.run_id].get(name, NOT_DEFINED) for row in rows] for name in told_apart}
    differ = {name: values for name, values in differ.items() if len(set(values)) > 1}
    trials = [row.trials for row in rows]
    return {"runs": [row.run_id for row in rows], "differences": differ, "trials": trials, "metrics": _outcomes(rows)}


def _on_a_page(rows: list[RunRow], path: Path) -> Path:
    """Write the page of these runs, from their files; where it is. Raises BadConfiguration in one line."""
    from backtest.results.saved_runs import load_run  # noqa: PLC0415  what reads and draws is for who asks for a page
    from backtest.tear_sheet.comparison import write_comparison  # noqa: PLC0415  as above

    for row in rows:
        if row.kind is not RunKind.BACKTEST or not row.folder:
            raise BadConfiguration(
                f"--html: run {row.run_id} is a {_kind(row)}, and only single backtests have a curve"
            )
    runs = [load_run(Path(row.folder)) for row in rows]
    path = path.expanduser().resolve()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_comparison([Compared(run.card, run.metrics, run.days, run.equity) for run in runs], path)
    except OSError as error:
        raise BadConfiguration(f"--html: {path} cannot be written: {error.strerror or error}") from error
    return path


async def progress(settings: Settings, output: Output, run: str) -> int:
    """How far a run is: what is kept of it, and what its workflow says."""
    async with kept_runs(settings) as runs:
        if await runs.find(run) is None and await _waits(settings, run):
            return _not_begun(output, run)
        row = await named(runs, run)
        done = await runs.counted(row.run_id)
    handle = await _handle(settings, row) if row.status is RunStatus.RUNNING else None
    lost = handle is not None and not await _goes_on(handle)
    live = None if handle is None or lost else await asked_how_far(handle)
    done = row.trials if row.kind is RunKind.BACKTEST else done
    document = {"run_id": row.run_id, "status": row.status, "done": done, "total": _total(row)}
    document |= {"lost": lost, "workflow": None if live is None else live.model_dump(mode="json")}
    words = f"{ENDED_BY_FORCE}: `starter.py backtests cancel` sums up what was done" if lost else NOBODY
    output.show(document, *_progress(row, done, live or words, wide=output.is_wide))
    return 0


async def cancel(settings: Settings, output: Output, run: str) -> int:
    """Cancel a run's workflow; its end is that workflow's business, and ours where it was ended by force."""
    async with kept_runs(settings) as runs:
        row = await named(runs, run)
        if row.status is not RunStatus.RUNNING:
            raise BadConfiguration(f"run {row.run_id} is {row.status} already")
        handle, words = await _handle(settings, row), "Ending: what is done is kept and summed up."
        if await _goes_on(handle):
            await handle.cancel()
        else:
            words = f"{ENDED_BY_FORCE}: what was done is summed up now."
            ended = {
                "run_id": row.run_id,
                "kind": row.kind,
                "objective": _objective(row),
                "troubles": (ENDED_BY_FORCE,),
            }
            await studies_of(settings, runs).finish(Ended.model_validate({**ended, "status": RunStatus.CANCELLED}))
    output.show({"run_id": row.run_id, "cancelled": True}, words)
    return 0


async def _waits(settings: Settings, run: str) -> bool:
    """Whether a study of this name was asked for, of which there is nothing yet."""
    client = await connect(reach(settings).temporal_address)
    return await _goes_on(client.get_workflow_handle_for(Backtest.run, workflow_id(run)))


def _not_begun(output: Output, run: str) -> int:
    document = {"run_id": run, "status": "waiting", "done": 0, "total": None, "lost": False, "workflow": None}
    output.show(document, f"{run} has not begun: no worker has taken it yet (`worker.py --queues backtests`).")
    return 0


async def _goes_on(handle: Handle) -> bool:
    try:
        return (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False


def _total(row: RunRow) -> int:
    """How many were asked for; of a study that has ended `trials` are those that were run."""
    if row.kind is RunKind.BACKTEST or not row.metrics:
        return row.trials
    return StudySummary.model_validate(row.metrics).total


def _objective(row: RunRow) -> Objective:
    return Objective(str(row.asked.get("objective", Objective.SHARPE)))


async def _handle(settings: Settings, row: RunRow) -> Handle:
    client = await connect(reach(settings).temporal_address)
    return client.get_workflow_handle_for(Backtest.run, workflow_id(row.run_id))


def _progress(row: RunRow, done: int, live: RunProgress | str, *, wide: bool) -> list[RenderableType]:
    """What is kept of a run, and what its workflow says, or why it says nothing."""
    lines: list[tuple[str, Any]] = [("status", status(row.status)), ("done", f"{done:,} of {_total(row):,}")]
    if isinstance(live, RunProgress):
        lines.append(("chunks", f"{live.chunks_done} of {live.chunks}, {live.failed:,} combinations failed"))
    elif row.status is RunStatus.RUNNING:
        lines.append(("workflow", toned(live, "odd")))
    told_first: list[RenderableType] = [title(f"{_kind(row)} {row.run_id}"), pairs(lines)]
    if not isinstance(live, RunProgress) or not live.best:
        return told_first
    return [*told_first, title("The best so far"), trials(live.best, _objective(row), wide=wide)]


def _status(row: RunRow, standing: Standing | None) -> Text:
    """How a run stands: its row's word, unless its workflow has ended without telling it, or may have."""
    if standing is None or standing is Standing.RUNNING:
        return status(row.status)
    return toned(standing.value, "bad" if standing.is_end else "odd")


def _listed(rows: list[RunRow], open_ones: Mapping[str, Standing], *, wide: bool) -> Table:
    """On a narrow terminal without what a run's name tells anyway: a name that is cut names nothing."""
    strategy, days = (("strategy",), ("days",)) if wide else ((), ())
    numbers = tuple(SHOWN) if wide else NARROW
    table = grid("run", "kind", *strategy, *days, ">trials", "status", *(f">{SHOWN[one]}" for one in numbers))
    table.columns[0].min_width = max(len(row.run_id) for row in rows)
    for row in rows:
        found = _numbers(row)
        cells: list[RenderableType] = [row.run_id + (f" {plain(row.name)}" if wide and row.name else ""), _kind(row)]
        cells += [plain(row.strategy), f"{row.from_on} – {row.to_on}"] if wide else []
        table.add_row(
            *cells, f"{row.trials:,}", _status(row, open_ones.get(row.run_id)), *(_shown(found, one) for one in numbers)
        )
    return table


def _numbers(row: RunRow) -> dict[str, Any]:
    """The numbers of a run: its own, what was not seen while choosing, else those of the best."""
    if row.kind is RunKind.BACKTEST or not row.metrics:
        return dict(row.metrics)
    summary = StudySummary.model_validate(row.metrics)
    return dict(summary.out_of_sample or (summary.best[0].metrics if summary.best else {}))


def _outcomes(rows: Sequence[RunRow]) -> dict[str, list[float | None]]:
    """Every number, side by side; what none has is left out."""
    numbers = [_numbers(row) for row in rows]
    found = {measure.field: [each.get(measure.field) for each in numbers] for measure in MEASURES}
    return {name: values for name, values in found.items() if any(value is not None for value in values)}


def _settings(row: RunRow) -> dict[str, str]:
    """All that a run was asked with, flat."""
    asked = {**row.asked, "kind": row.kind.value, "data_hash": row.card.get("data_hash")}
    asked = {name: value for name, value in asked.items() if name not in {"run_id", "name"}}
    return dict(_flat(asked))


def _flat(value: Any, path: str = "") -> Any:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(inner, name if path in {"", "plan"} else f"{path}.{name}")
    else:
        yield path, NOT_DEFINED if value is None else str(value)


def _beside(rows: list[RunRow], lines: Iterable[tuple[str, list[str]]]) -> Table:
    """Nothing is cut: what a narrow terminal has no room for goes on in the next line."""
    table = grid("", *(f">{row.run_id}" for row in rows))
    for column in table.columns[1:]:
        column.no_wrap, column.overflow = False, "fold"
    for name, values in lines:
        table.add_row(name, *(plain(value) for value in values))
    return table


def _card(row: RunRow, standing: Standing | None) -> list[tuple[str, Any]]:
    lines: list[tuple[str, Any]] = [("status", _status(row, standing)), ("strategy", plain(row.strategy))]
    lines += [("named", plain(row.name))] if row.name else []
    lines += [("symbols", f"{len(row.symbols)}: {', '.join(row.symbols[:8])}{' …' if len(row.symbols) > 8 else ''}")]  # noqa: PLR2004  as many as fit
    lines += [("days", f"{row.from_on} to {row.to_on}"), ("trials", f"{row.trials:,}")]
    if row.started_at is not None:
        took = "" if row.finished_at is None else f", {(row.finished_at - row.started_at).total_seconds():.1f} s"
        lines.append(("run", f"{row.started_at:%Y-%m-%d %H:%M} UTC{took}"))
    parameters = row.asked.get("parameters")
    lines += [("parameters", described(parameters))] if parameters else []
    lines += [("data hash", str(row.card.get("data_hash", ""))[:16])]
    return [*lines, *([("files", row.folder)] if row.folder else [])]


def _metrics(row: RunRow) -> Table:
    table = grid("", ">value")
    for measure in MEASURES:
        if (words := _shown(dict(row.metrics), measure.field)) != NOT_DEFINED:
            table.add_row(measure.label, words)
    return table


def _shown(numbers: dict[str, Any], name: str) -> str:
    return shown(_of(name), numbers.get(name))


def _of(name: str) -> Measure:
    return next(one for one in MEASURES if one.field == name)


def _kind(row: RunRow) -> str:
    return row.kind.replace("_", "-")
