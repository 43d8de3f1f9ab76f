"""Runs and trials in memory: for a study in one process, which leaves nothing behind but what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trading.backtesting import Chunk, RunRow, RunStatus, StudySummary, TrialRow
from trading.errors import BooksDisagree


class MemoryRuns:
    """The port `RunRows`."""

    def __init__(self) -> None:
        self._runs: dict[str, RunRow] = {}
        self._trials: dict[tuple[str, int, bool, int], TrialRow] = {}

    async def begin(self, row: RunRow) -> RunRow:
        """Keep the row of a run; one that is there stays, and is the answer."""
        kept = self._runs.setdefault(row.run_id, row)
        if (kept.desk_id, kept.kind, kept.asked) != (row.desk_id, row.kind, row.asked):
            raise BooksDisagree(f"run {row.run_id} was kept before with other content")
        return kept

    async def find(self, run_id: str) -> RunRow | None:
        """One run."""
        return self._runs.get(run_id)

    async def listed(self, limit: int) -> list[RunRow]:
        """The newest runs first."""
        return list(reversed(self._runs.values()))[:limit]

    async def keep(self, rows: Sequence[TrialRow]) -> None:
        """Keep these trials; those that are there stay."""
        for row in rows:
            self._trials.setdefault((row.run_id, row.fold, row.is_test, row.number), row)

    async def numbers(self, chunk: Chunk) -> set[int]:
        """The numbers of a chunk's combinations that are kept."""
        return {one for one in chunk.numbers if (chunk.run_id, chunk.fold, False, one) in self._trials}

    async def trials(
        self, run_id: str, *, fold: int | None = None, chunk: Chunk | None = None, with_returns: bool = False
    ) -> list[TrialRow]:
        """Trials of a run, of one fold or one chunk of it, in the order of folds and numbers, tests last in a fold."""
        if chunk is not None:
            keys = [(run_id, chunk.fold, False, number) for number in chunk.numbers]
            found = [self._trials[key] for key in keys if key in self._trials]
        else:
            keys = sorted(key for key in self._trials if key[0] == run_id and fold in {None, key[1]})
            found = [self._trials[key] for key in keys]
        return found if with_returns else [replace(row, returns=b"") for row in found]

    async def end(self, run_id: str, status: RunStatus, summary: StudySummary) -> StudySummary:
        """End a run, once; the answer is what it was ended with first."""
        row = self._runs[run_id]
        if row.status is RunStatus.RUNNING:
            changes = {"status": status, "trials": summary.done, "metrics": summary.model_dump(mode="json")}
            self._runs[run_id] = row = row.model_copy(update=changes)
        return StudySummary.model_validate(row.metrics)
