"""How studies are run and where they are kept, as Protocols."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from trading.backtesting import (
    Chunk,
    ChunkDone,
    Ended,
    FoldAsked,
    FoldDone,
    Prepared,
    RunRow,
    RunStatus,
    StudyAsked,
    StudySummary,
    TrialRow,
)


class StudySteps(Protocol):
    """The steps of a study: activities in a workflow, calls in a process of one's own."""

    async def prepare(self, asked: StudyAsked) -> Prepared:
        """Look at the data and write the run's row."""
        ...

    async def run_chunk(self, chunk: Chunk) -> ChunkDone:
        """Run what is left of a chunk. One that cannot be run says so in `trouble`."""
        ...

    async def judge_fold(self, asked: FoldAsked) -> FoldDone:
        """Run the best of a fold over what it has not seen."""
        ...

    async def finish(self, ended: Ended) -> StudySummary:
        """Sum up what is there, and end the run."""
        ...


class BacktestRuns(Protocol):
    """Runs the combinations of studies and keeps what came of them. A row is kept once, whoever runs it again."""

    async def prepare(self, asked: StudyAsked) -> Prepared:
        """Load the data, split the study and keep its row. Raises BadConfiguration, BadMarketData."""
        ...

    async def left(self, chunk: Chunk) -> tuple[int, ...]:
        """The numbers of a chunk that are not kept yet."""
        ...

    async def run(self, chunk: Chunk, numbers: Sequence[int]) -> None:
        """Run these combinations and keep their rows together. One that fails is kept with its error."""
        ...

    async def done(self, chunk: Chunk) -> ChunkDone:
        """What is kept of a chunk."""
        ...

    async def judge(self, asked: FoldAsked) -> FoldDone:
        """Run the best of a fold over its test, and keep it."""
        ...

    async def finish(self, ended: Ended) -> StudySummary:
        """Sum up what is kept, and end the run; one that has ended stays as it ended."""
        ...


class RunRows(Protocol):
    """The tables of runs and their trials."""

    async def begin(self, row: RunRow) -> RunRow:
        """Keep the row of a run; one that is there stays, and is the answer. Raises BooksDisagree for another run's."""
        ...

    async def find(self, run_id: str) -> RunRow | None:
        """One run."""
        ...

    async def listed(self, limit: int) -> list[RunRow]:
        """The newest runs first."""
        ...

    async def keep(self, rows: Sequence[TrialRow]) -> None:
        """Keep these trials together; those that are there stay."""
        ...

    async def numbers(self, chunk: Chunk) -> set[int]:
        """The numbers of a chunk's combinations that are kept."""
        ...

    async def trials(
        self, run_id: str, *, fold: int | None = None, chunk: Chunk | None = None, with_returns: bool = False
    ) -> list[TrialRow]:
        """Trials of a run, of one fold or one chunk of it, in the order of folds and numbers, tests last in a fold.

        Without `with_returns` their `returns` are empty: they are most of what a row weighs.
        """
        ...

    async def end(self, run_id: str, status: RunStatus, summary: StudySummary) -> StudySummary:
        """End a run, once; the answer is what it was ended with first."""
        ...
