"""The workflow `Backtest` on real servers: over several workers, cancelled, asked how far it is, and short."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import CancelledError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.backtests import BacktestActivities
from adapters.postgres.backtests import PostgresRuns
from adapters.temporal.plugin import DeskPlugin
from backtest.data.panel import Panel
from backtest.data.panels import Panels
from backtest.studies.run_rows import MemoryRuns
from backtest.studies.runs import Studies
from backtest.studies.trials import Engines, Tried
from tests.rig import until
from tests.studies import Slowly, monte_carlo, run_here, sweep, walk
from tests.workflows.conftest import Keep
from trading.backtest_plan import Engine, Plan
from trading.backtesting import RunProgress, RunStatus, StudyAsked, StudySummary, TrialRow
from trading.errors import BadMarketData
from trading.grids import Parameters
from workflows import policies
from workflows.backtest import Backtest

Handle = WorkflowHandle[Backtest, StudySummary]
DATA = Path("data")
"""From the root of the repository: a history that is kept says nothing of the machine that recorded it."""


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])


@asynccontextmanager
async def serving(
    client: Client, engine: AsyncEngine, engines: Sequence[Engines] = (Engines(),)
) -> AsyncIterator[None]:
    """A worker for each of these, which runs combinations so; one client has one worker of a queue."""
    address, namespace = client.service_client.config.target_host, client.namespace
    async with AsyncExitStack() as stack:
        for one in engines:
            own = await Client.connect(address, namespace=namespace, plugins=[DeskPlugin()])
            studies = BacktestActivities(Studies(PostgresRuns(engine), Panels(), one))
            worker = Worker(
                own,
                task_queue=policies.BACKTESTS_QUEUE,
                workflows=[Backtest],
                activities=[studies.prepare_study, studies.run_chunk, studies.judge_fold, studies.finish_study],
                max_concurrent_activities=policies.MOST_CHUNKS_AT_ONCE,
                debug_mode=True,
            )
            await stack.enter_async_context(worker)
        yield


async def start(client: Client, asked: StudyAsked) -> Handle:
    return await client.start_workflow(
        Backtest.run,
        asked,
        id=f"backtest/{asked.run_id}",
        task_queue=policies.BACKTESTS_QUEUE,
        task_timeout=policies.TASK,
    )


async def kept(engine: AsyncEngine, run_id: str) -> list[TrialRow]:
    """The rows of a run, without its name."""
    rows = await PostgresRuns(engine).trials(run_id, with_returns=True)
    return [replace(row, run_id="any") for row in rows]


@pytest.mark.faults
async def test_two_workers_share_a_sweep_and_bring_what_one_process_brings(
    temporal: WorkflowEnvironment, engine: AsyncEngine, keep: Keep
) -> None:
    asked = sweep(DATA, "fast=5..50:1", "slow=20,30,40,60,80", run_id="shared")
    left, right = Slowly(0.005), Slowly(0.005)
    async with serving(temporal.client, engine, [left, right]):
        handle = await start(temporal.client, asked)
        summary = await handle.result()
    assert (summary.done, summary.total, summary.status) == (230, 230, RunStatus.COMPLETED)
    assert [one.count for one in summary.failures] == [summary.failed]
    assert summary.failed == len([n for n in range(230) if _is_wrong(asked.grid.at(n))])
    assert left.tried
    assert right.tried
    tried = [(one["fast"], one["slow"]) for one in (*left.tried, *right.tried)]
    assert len(tried) == len(set(tried)) == 230
    rows = MemoryRuns()
    alone = await run_here(asked, rows)
    here = [replace(row, run_id="any") for row in await rows.trials("shared", with_returns=True)]
    assert await kept(engine, "shared") == here
    assert summary == alone
    assert await PostgresRuns(engine).counted("shared") == 230
    await keep("backtest-sweep", handle)


def _is_wrong(parameters: Parameters) -> bool:
    return int(str(parameters["fast"])) >= int(str(parameters["slow"]))


@pytest.mark.faults
async def test_a_walk_forward_and_a_monte_carlo_bring_what_one_process_brings(
    temporal: WorkflowEnvironment, engine: AsyncEngine, keep: Keep
) -> None:
    asked = (walk(DATA), monte_carlo(DATA))
    async with serving(temporal.client, engine):
        handles = [await start(temporal.client, one) for one in asked]
        summaries = [await handle.result() for handle in handles]
    assert summaries == [await run_here(one) for one in asked]
    await keep("backtest-walk-forward", handles[0])
    await keep("backtest-monte-carlo", handles[1])


@pytest.mark.faults
async def test_a_study_says_how_far_it_is_and_a_cancelled_one_keeps_what_is_done(
    temporal: WorkflowEnvironment, engine: AsyncEngine, keep: Keep
) -> None:
    slowly = Slowly(0.02)
    asked = sweep(DATA, "fast=2..50", "slow=60..69", run_id="cancelled")
    async with serving(temporal.client, engine, [slowly]):
        handle = await start(temporal.client, asked)
        await until(lambda: has_a_chunk(handle))
        progress = await asked_how_far(handle)
        assert (progress.total, progress.chunks, progress.status) == (490, 8, RunStatus.RUNNING)
        assert progress.best[0].score == max(line.score or 0 for line in progress.best)
        assert 0 < progress.done < 490
        await handle.cancel()
        with pytest.raises(WorkflowFailureError) as failure:
            await handle.result()
        assert isinstance(failure.value.cause, CancelledError)
        after = await asked_how_far(handle)
    assert after.status is RunStatus.CANCELLED
    assert (await handle.describe()).status is WorkflowExecutionStatus.CANCELED
    row = await PostgresRuns(engine).find("cancelled")
    assert row is not None
    summary, rows = StudySummary.model_validate(row.metrics), await kept(engine, "cancelled")
    assert (row.status, summary.done) == (RunStatus.CANCELLED, len(rows))
    assert progress.done <= len(rows) < 490
    assert summary.honesty is not None
    assert summary.honesty.trials == len(rows)
    await keep("backtest-cancelled", handle)


async def has_a_chunk(handle: Handle) -> bool:
    return (await asked_how_far(handle)).chunks_done > 0


async def asked_how_far(handle: Handle) -> RunProgress:
    progress: RunProgress | None = await handle.query(Backtest.progress)
    assert progress is not None
    return progress


async def test_what_cannot_be_run_ends_at_once_in_a_sentence_and_leaves_no_row(
    temporal: WorkflowEnvironment, engine: AsyncEngine, keep: Keep
) -> None:
    asked = sweep(DATA, run_id="nowhere").model_copy(update={"source": sweep(DATA).source})
    nowhere = asked.model_copy(update={"source": asked.source.model_copy(update={"data": "nowhere"})})
    async with serving(temporal.client, engine):
        handle = await start(temporal.client, nowhere)
        with pytest.raises(WorkflowFailureError) as failure:
            await handle.result()
    assert "nowhere" in str(failure.value.cause.__cause__)
    assert await PostgresRuns(engine).listed(5) == []
    await keep("backtest-refused", handle)


class Broken(Engines):
    """Cannot do anything with the last combination of the second chunk, nor with what is run beside it."""

    async def try_all(
        self, panel: Panel, plan: Plan, engine: Engine, combinations: Sequence[Parameters], *, of: int = 1
    ) -> list[Tried]:
        if any((one["fast"], one["slow"]) == (33, 63) for one in combinations):
            raise BadMarketData("planned")
        return await super().try_all(panel, plan, engine, combinations, of=of)


@pytest.mark.faults
async def test_a_chunk_that_nobody_can_run_is_told_and_the_others_are_run(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    asked = sweep(DATA, "fast=2..49", "slow=60..63", run_id="broken")
    async with serving(temporal.client, engine, [Broken()]):
        summary = await (await start(temporal.client, asked)).result()
    missing = set(range(192)) - {row.number for row in await kept(engine, "broken")}
    assert summary.status is RunStatus.COMPLETED
    assert 127 in missing <= set(range(64, 128))
    assert summary.warnings[:2] == (
        f"{len(missing)} of 192 could not be run",
        "fold 0, combinations 64 to 127: BadMarketData: planned",
    )


@pytest.mark.faults
async def test_a_thousand_combinations_make_a_short_history_of_small_payloads(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    asked = sweep(DATA, "fast=1..50", "slow=51..70", run_id="thousand")
    async with serving(temporal.client, engine):
        handle = await start(temporal.client, asked)
        summary = await handle.result()
    history = await handle.fetch_history()
    assert summary.done == 1000
    assert len(history.events) < 4000
    print(f"{len(history.events)} events, {sum(one.ByteSize() for one in history.events):,} B")  # noqa: T201  the figures
    assert sum(event.ByteSize() for event in history.events) < 500_000
