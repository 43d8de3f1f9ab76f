"""A study from its preparation to its summary, written once: over activities in a workflow, or over direct calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, NamedTuple

from trading.backtest_ports import BacktestRuns, StudySteps
from trading.backtesting import (
    MOST_TROUBLES,
    Chunk,
    ChunkDone,
    Ended,
    Fold,
    FoldAsked,
    FoldDone,
    Prepared,
    RunProgress,
    RunStatus,
    StudyAsked,
    StudySummary,
    TrialLine,
)
from trading.folds import chunks_of

IN_FLIGHT = 64
"""Chunks asked for at once: enough for some dozen workers, and few enough that a cancelled run ends soon."""
BEST = 5
"""Trials that are shown while a study runs."""
SLICE_SECONDS = 0.5
"""So long a slice of a chunk may take: what is kept after each is what a killed worker has not to do again."""
SHORTEST = 1e-6
"""Seconds that a clock tells apart."""
FIRST_SLICE = 1
"""Nobody knows yet whether a combination takes a millisecond or a minute."""
ALONE_FROM = 3
"""The try from which on combinations are run one by one: two workers have died over them."""


class Study:
    """One study under way."""

    def __init__(self, asked: StudyAsked, told: Callable[[RunProgress], None] = lambda _: None) -> None:
        self._asked = asked
        self._told = told
        self.progress = RunProgress(run_id=asked.run_id, kind=asked.kind)

    async def run(self, steps: StudySteps) -> StudySummary:
        """Every fold's chunks, so many at a time, then its judging; in the end the summary of whatever is there.

        Cancelled, it keeps what is done and sums that up.
        """
        status, troubles = RunStatus.COMPLETED, list[str]()
        try:
            prepared = await steps.prepare(self._asked)
            self._begin(prepared)
            troubles = await self._folds(steps, prepared)
        except asyncio.CancelledError:
            status = RunStatus.CANCELLED
        if status is RunStatus.COMPLETED and self.progress.done == self.progress.failed:
            status = RunStatus.FAILED
        summary = await steps.finish(self._ended(status, troubles))
        self._show(status=summary.status)
        return summary

    def _begin(self, prepared: Prepared) -> None:
        chunks = sum(1 for fold in prepared.folds for _ in chunks_of(prepared, fold.number))
        total = prepared.combinations * len(prepared.folds)
        self._show(total=total, folds=len(prepared.folds), chunks=chunks)

    def _ended(self, status: RunStatus, troubles: list[str]) -> Ended:
        asked = self._asked
        most = tuple(troubles[:MOST_TROUBLES])
        return Ended(run_id=asked.run_id, kind=asked.kind, objective=asked.objective, status=status, troubles=most)

    async def _folds(self, steps: StudySteps, prepared: Prepared) -> list[str]:
        door = asyncio.Semaphore(IN_FLIGHT)
        each = await together(self._fold(steps, prepared, fold, door) for fold in prepared.folds)
        return [trouble for troubles in each for trouble in troubles if trouble]

    async def _fold(self, steps: StudySteps, prepared: Prepared, fold: Fold, door: asyncio.Semaphore) -> list[str]:
        done = await together(self._chunk(steps, chunk, door) for chunk in chunks_of(prepared, fold.number))
        troubles = [one.trouble for one in done]
        if fold.test is not None:
            async with door:
                judged: FoldDone = await steps.judge_fold(FoldAsked(run_id=prepared.run_id, fold=fold.number))
            troubles.append(judged.trouble)
        self._show(folds_done=self.progress.folds_done + 1)
        return troubles

    async def _chunk(self, steps: StudySteps, chunk: Chunk, door: asyncio.Semaphore) -> ChunkDone:
        async with door:
            done = await steps.run_chunk(chunk)
        self._show(
            done=self.progress.done + done.done,
            failed=self.progress.failed + done.failed,
            chunks_done=self.progress.chunks_done + 1,
            best=best_of((*self.progress.best, *done.best)),
        )
        return done

    def _show(self, **changes: Any) -> None:
        self.progress = self.progress.model_copy(update=changes)
        self._told(self.progress)


def best_of(lines: Iterable[TrialLine], most: int = BEST) -> tuple[TrialLine, ...]:
    """The best of these, best first; of equals the earlier number, so that it does not matter who ended first."""
    scored = [line for line in lines if line.score is not None]
    return tuple(sorted(scored, key=lambda line: (-(line.score or 0.0), line.fold, line.number))[:most])


async def together(parts: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
    """All of these at once. The first that raises is raised once all have ended: none goes on unseen."""
    ended = await asyncio.gather(*parts, return_exceptions=True)
    for one in ended:
        if isinstance(one, BaseException):
            raise one
    return ended


class Try(NamedTuple):
    """One try at a chunk: the first is 1; `clock` tells seconds; `told` hears how many combinations are done."""

    clock: Callable[[], float]
    told: Callable[[int], None] = lambda _: None
    number: int = 1


async def go_through(runs: BacktestRuns, chunk: Chunk, attempt: Try) -> ChunkDone:
    """Run what is left of a chunk, slice by slice, each kept before the next.

    From the third try on one by one, and every second try from the end: a combination that ends its worker costs
    nothing but itself.
    """
    left, size = await runs.left(chunk), FIRST_SLICE
    left, alone = left if attempt.number % 2 else left[::-1], attempt.number >= ALONE_FROM
    clock, told = attempt.clock, attempt.told
    done = chunk.count - len(left)
    told(done)
    while left:
        begun, numbers = clock(), left[:size]
        await runs.run(chunk, numbers)
        left, done = left[size:], done + len(numbers)
        told(done)
        size = FIRST_SLICE if alone else next_slice(size, clock() - begun)
    return await runs.done(chunk)


def next_slice(size: int, seconds: float) -> int:
    """How many combinations the next slice may have, when so many took so long."""
    return max(int(min(size * SLICE_SECONDS / max(seconds, SHORTEST), size * 4)), 1)
