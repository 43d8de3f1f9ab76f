"""Runs over the past and their trials, in Postgres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.backtest_tables import backtest_trials, backtests
from adapters.postgres.engine import transaction
from trading.backtesting import Chunk, RunRow, RunStatus, StudySummary, TrialRow
from trading.errors import BooksDisagree

_RUN = [column for column in backtests.columns if column.name in RunRow.model_fields]
_TRIAL = [column for column in backtest_trials.columns if column.name != "returns"]


class PostgresRuns:
    """The port `RunRows`, and with a desk what that one may see. Each raises LedgerUnavailable to be called again."""

    def __init__(self, engine: AsyncEngine, desk_id: str | None = None) -> None:
        self._engine = engine
        self._ours = true() if desk_id is None else backtests.c.desk_id == desk_id

    async def begin(self, row: RunRow) -> RunRow:
        """Keep the row of a run; one that is there stays, and is the answer. Raises BooksDisagree for another run's."""
        values = {name: value for name, value in row.model_dump(mode="json").items() if value is not None}
        values |= {"from_on": row.from_on, "to_on": row.to_on}
        values |= {name: moment for name in _MOMENTS if (moment := getattr(row, name)) is not None}
        async with transaction(self._engine) as connection:
            await connection.execute(insert(backtests).values(values).on_conflict_do_nothing())
            kept = await _find(connection, row.run_id)
        if kept is None or (kept.desk_id, kept.kind, kept.asked) != (row.desk_id, row.kind, row.asked):
            raise BooksDisagree(f"run {row.run_id} was kept before with other content")
        return kept

    async def find(self, run_id: str) -> RunRow | None:
        """One run."""
        async with transaction(self._engine) as connection:
            return await _find(connection, run_id, self._ours)

    async def listed(self, limit: int) -> list[RunRow]:
        """The newest runs first."""
        query = select(*_RUN).where(self._ours).order_by(backtests.c.started_at.desc(), backtests.c.run_id).limit(limit)
        async with transaction(self._engine) as connection:
            return [_run(row) for row in (await connection.execute(query)).mappings()]

    async def keep(self, rows: Sequence[TrialRow]) -> None:
        """Keep these trials together; those that are there stay."""
        if not rows:
            return
        values = [asdict(row) for row in rows]
        async with transaction(self._engine) as connection:
            await connection.execute(insert(backtest_trials).on_conflict_do_nothing(), values)

    async def numbers(self, chunk: Chunk) -> set[int]:
        """The numbers of a chunk's combinations that are kept."""
        query = _within(select(backtest_trials.c.number), chunk)
        async with transaction(self._engine) as connection:
            return set((await connection.execute(query)).scalars())

    async def counted(self, run_id: str) -> int:
        """How many combinations of a run are kept."""
        query = select(func.count()).where((backtest_trials.c.run_id == run_id) & ~backtest_trials.c.is_test)
        async with transaction(self._engine) as connection:
            return int((await connection.execute(query)).scalar_one())

    async def trials(
        self, run_id: str, *, fold: int | None = None, chunk: Chunk | None = None, with_returns: bool = False
    ) -> list[TrialRow]:
        """Trials of a run, of one fold or one chunk of it, in the order of folds and numbers, tests last in a fold."""
        of = backtest_trials.c
        query = select(*_TRIAL, *((of.returns,) if with_returns else ())).where(of.run_id == run_id)
        query = query if fold is None else query.where(of.fold == fold)
        query = query if chunk is None else _within(query, chunk)
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(query.order_by(of.fold, of.is_test, of.number))).mappings().all()
        return [TrialRow(**row) for row in rows]

    async def end(self, run_id: str, status: RunStatus, summary: StudySummary) -> StudySummary:
        """End a run, once; the answer is what it was ended with first."""
        values = {"status": status.value, "finished_at": func.now(), "metrics": summary.model_dump(mode="json")}
        running = (backtests.c.run_id == run_id) & (backtests.c.status == RunStatus.RUNNING.value)
        async with transaction(self._engine) as connection:
            await connection.execute(update(backtests).where(running).values(trials=summary.done, **values))
            kept = await _find(connection, run_id)
        return summary if kept is None else StudySummary.model_validate(kept.metrics)


_MOMENTS = ("started_at", "finished_at")


async def _find(connection: AsyncConnection, run_id: str, ours: ColumnElement[bool] | None = None) -> RunRow | None:
    query = select(*_RUN).where(backtests.c.run_id == run_id, true() if ours is None else ours)
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else _run(row)


def _run(row: Mapping[Any, Any]) -> RunRow:
    return RunRow.model_validate(dict(row))


def _within(query: Select[Any], chunk: Chunk) -> Select[Any]:
    of, numbers = backtest_trials.c, chunk.numbers
    ours = (of.run_id == chunk.run_id) & (of.fold == chunk.fold) & ~of.is_test
    return query.where(ours & of.number.between(numbers.start, numbers.stop - 1))
