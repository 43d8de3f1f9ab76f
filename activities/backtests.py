"""The steps of a study: its preparation, its chunks, the judging of its folds, its summary."""

from __future__ import annotations

import time

from temporalio import activity

from trading.backtest_ports import BacktestRuns
from trading.backtesting import Chunk, ChunkDone, Ended, FoldAsked, FoldDone, Prepared, StudyAsked, StudySummary
from trading.study import Try, go_through


class BacktestActivities:
    """Studies, on whatever runs their combinations."""

    def __init__(self, runs: BacktestRuns) -> None:
        self._runs = runs

    @activity.defn
    async def prepare_study(self, asked: StudyAsked) -> Prepared:
        """Load the data, split the study and keep its row.

        Repeat: the row is kept once, and the same data is split in the same way.
        """
        return await self._runs.prepare(asked)

    @activity.defn
    async def run_chunk(self, chunk: Chunk) -> ChunkDone:
        """Run what is left of a chunk; each heartbeat says how many of it are done.

        Repeat: what is kept is not run again; a worker that died leaves at most one slice to do anew, half a second's.
        """
        return await go_through(self._runs, chunk, Try(time.monotonic, activity.heartbeat, activity.info().attempt))

    @activity.defn
    async def judge_fold(self, asked: FoldAsked) -> FoldDone:
        """Run the best of a fold over what it has not seen.

        Repeat: the same combination is the best, and its row is kept once.
        """
        return await self._runs.judge(asked)

    @activity.defn
    async def finish_study(self, ended: Ended) -> StudySummary:
        """Sum up what is kept, over all of the trials, and end the run.

        Repeat: a run that has ended stays as it ended.
        """
        return await self._runs.finish(ended)
