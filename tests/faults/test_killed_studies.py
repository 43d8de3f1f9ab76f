"""Kill -9 of the worker of a study: its chunks go on where they were, and it leaves what one that lived leaves."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import WorkflowHandle

from adapters.postgres.backtests import PostgresRuns
from backtest.studies.run_rows import MemoryRuns
from tests.fakes.faulty import KILLED
from tests.faults.doom import Death, Moment
from tests.faults.lanes import Ground, Lane
from tests.faults.proving import PATIENCE_SECONDS, tell
from tests.faults.studying import SECONDS, study
from tests.rig import until
from tests.studies import run_here, sweep, walk
from trading.backtesting import StudyAsked, StudySummary, TrialRow
from trading.study import SLICE_SECONDS
from workflows import policies
from workflows.backtest import Backtest

MOMENTS: tuple[Moment, ...] = ("before", "after", "returned")
STEPS = (("prepare_study", 1), ("run_chunk", 1), ("run_chunk", 4), ("judge_fold", 2), ("finish_study", 1))
DEATHS = [Death(step, moment, call) for step, call in STEPS for moment in MOMENTS] + [Death("Backtest", "task")]
# One of each step, each at another moment, and the workflow itself.
FEW = [Death(step, MOMENTS[n % 3], call) for n, (step, call) in enumerate(STEPS)] + [Death("Backtest", "task")]
LARGEST_SLICE = 2 * int(SLICE_SECONDS / SECONDS)
"""A slice is as large as half a second allows; what a busy machine takes for one is no shorter than that, nor much."""
KILL_AFTER = 90


async def begun(lane: Lane, asked: StudyAsked) -> WorkflowHandle[Backtest, StudySummary]:
    return await lane.client.start_workflow(
        Backtest.run,
        asked,
        id=f"backtest/{asked.run_id}",
        task_queue=policies.BACKTESTS_QUEUE,
        task_timeout=policies.TASK,
    )


async def kept(engine: AsyncEngine, asked: StudyAsked) -> list[TrialRow]:
    return await PostgresRuns(engine).trials(asked.run_id, with_returns=True)


async def tried_so_many(lane: Lane) -> bool:
    return len(lane.lives.trace.of("tried")) >= KILL_AFTER


async def alone(asked: StudyAsked) -> tuple[list[TrialRow], StudySummary]:
    """What the same study leaves in one process that lives."""
    rows = MemoryRuns()
    summary = await run_here(asked, rows)
    return await rows.trials(asked.run_id, with_returns=True), summary


@pytest.mark.faults
async def test_a_killed_worker_s_chunks_go_on_where_they_were(ground: Ground, sample_data: Path) -> None:
    asked = sweep(sample_data, "fast=2..21", "slow=30..39", run_id="killed")
    async with ground.lane("lane-1", body=study) as lane:
        await lane.lives.begin()
        handle = await begun(lane, asked)
        await until(lambda: tried_so_many(lane))
        assert await lane.lives.kill() != 0
        tried = {words for _, words in lane.lives.trace.of("tried")}
        done = await kept(lane.engine, asked)
        await lane.lives.begin()
        async with asyncio.timeout(PATIENCE_SECONDS):
            summary = await handle.result()
        times = Counter(words for _, words in lane.lives.trace.of("tried"))
        rows = await kept(lane.engine, asked)
    twice = sum(count - 1 for count in times.values())
    lost = len(tried) - len(done)
    tell(f"a study of {asked.grid.size}, killed after {len(tried)}: {len(done)} kept, {twice} run twice")
    assert 0 < len(done) < asked.grid.size
    assert max(times.values()) <= 2
    assert twice == lost <= policies.MOST_CHUNKS_AT_ONCE * LARGEST_SLICE
    assert (rows, summary) == await alone(asked)


async def suffer(lane: Lane, death: Death, asked: StudyAsked) -> list[str]:
    """One study with one death of its worker; what was wrong in the end."""
    if not lane.lives.is_alive:
        await lane.lives.begin()
    lane.lives.arm(death)
    handle = await begun(lane, asked)
    code = await lane.lives.end()
    await lane.lives.begin()
    async with asyncio.timeout(PATIENCE_SECONDS):
        summary = await handle.result()
    wrong = [] if code == KILLED else [f"{death}: the worker ended with {code}"]
    expected = await alone(asked)
    return [*wrong, *([] if (await kept(lane.engine, asked), summary) == expected else [f"{death}: it left another"])]


@pytest.mark.faults
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("deaths", [FEW, pytest.param(DEATHS, marks=pytest.mark.soak)], ids=["few", "all"])
async def test_a_worker_killed_at_any_step_leaves_what_one_that_lived_leaves(
    ground: Ground, sample_data: Path, deaths: list[Death]
) -> None:
    wrong: list[str] = []
    async with ground.lane("lane-1", body=study) as lane:
        for number, death in enumerate(deaths):
            asked = walk(sample_data, run_id=f"walk-{number}")
            wrong += await suffer(lane, death, asked)
    tell(f"studies: {len(deaths)} kills, {len(wrong)} things wrong")
    assert wrong == []
