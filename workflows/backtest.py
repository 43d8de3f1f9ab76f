"""A study over any number of workers: chunks fan out, what is done is kept as it is done, the whole is summed up."""

from __future__ import annotations

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.backtests import BacktestActivities
    from trading.backtesting import (
        Chunk,
        ChunkDone,
        Ended,
        FoldAsked,
        FoldDone,
        Prepared,
        RunProgress,
        RunStatus,
        StudyAsked,
        StudySummary,
    )
    from trading.money import MOST_TEXT
    from trading.study import Study
    from workflows import policies
    from workflows.starting import given
    from workflows.study_tables import progress_table, summary_table


@workflow.defn
class Backtest:
    """One sweep, walk-forward or Monte Carlo. Its id is `backtest/` and the run's."""

    @workflow.init
    def __init__(self, asked: StudyAsked | None = None) -> None:
        self._study = None if asked is None else Study(asked, _show)

    @workflow.run
    async def run(self, asked: StudyAsked | None = None) -> StudySummary:
        """Run it to its end; cancelled, sum up what is there."""
        given(asked)
        summary = await given(self._study).run(ActivitySteps())
        workflow.set_current_details(summary_table(summary))
        if summary.status is RunStatus.CANCELLED:
            raise asyncio.CancelledError
        return summary

    @workflow.query
    def progress(self) -> RunProgress | None:
        """How far it is, and the best so far."""
        return self._study.progress if self._study else None


def _show(progress: RunProgress) -> None:
    workflow.set_current_details(progress_table(progress))


class ActivitySteps:
    """The port `StudySteps`, each step an activity."""

    async def prepare(self, asked: StudyAsked) -> Prepared:
        """Load, split, keep the row."""
        return await workflow.execute_activity_method(
            BacktestActivities.prepare_study, asked, summary="load and split", **policies.STUDY
        )

    async def run_chunk(self, chunk: Chunk) -> ChunkDone:
        """Run a chunk; one that nobody could run is a trouble of the summary, not the end of the others."""
        try:
            done: ChunkDone = await workflow.execute_activity_method(
                BacktestActivities.run_chunk, chunk, summary=_numbers(chunk), **policies.CHUNK
            )
        except ActivityError as error:
            return ChunkDone(chunk=chunk, trouble=f"{_numbers(chunk)}: {_why(error)}"[:MOST_TEXT])
        return done

    async def judge_fold(self, asked: FoldAsked) -> FoldDone:
        """Judge a fold; one that cannot be judged is a trouble as well."""
        try:
            done: FoldDone = await workflow.execute_activity_method(
                BacktestActivities.judge_fold, asked, summary=f"judge fold {asked.fold}", **policies.CHUNK
            )
        except ActivityError as error:
            return FoldDone(fold=asked.fold, trouble=f"fold {asked.fold}: {_why(error)}"[:MOST_TEXT])
        return done

    async def finish(self, ended: Ended) -> StudySummary:
        """Sum up."""
        return await workflow.execute_activity_method(
            BacktestActivities.finish_study, ended, summary=f"{ended.status}: sum up", **policies.STUDY
        )


def _numbers(chunk: Chunk) -> str:
    last = chunk.first + chunk.count - 1
    return f"fold {chunk.fold}, combinations {chunk.first} to {last}"


def _why(error: ActivityError) -> str:
    if is_cancelled_exception(error):
        raise asyncio.CancelledError from error
    return str(error.cause or error)
