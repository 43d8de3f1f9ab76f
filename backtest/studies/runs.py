"""Studies run: their data loaded, their combinations tried, what came of them kept and summed up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from pydantic import JsonValue, TypeAdapter

from backtest.data.panel import Column, Panel
from backtest.data.panels import Panels, sessions
from backtest.studies.courses import Base, as_it_was, base_of, courses
from backtest.studies.trials import Engines, Tried, engine_of, with_parameters, within
from trading.backtest_plan import Engine
from trading.backtest_ports import RunRows
from trading.backtesting import (
    BEST_OF_A_CHUNK,
    Chunk,
    ChunkDone,
    Ended,
    Fold,
    FoldAsked,
    FoldDone,
    MonteCarloAsked,
    Prepared,
    RunKind,
    RunRow,
    RunStatus,
    Span,
    StudyAsked,
    StudySummary,
    TrialLine,
    TrialRow,
)
from trading.errors import BadConfiguration, BadMarketData, MarketUnavailable
from trading.folds import chunk_size, folds_of
from trading.ratios import returns_of
from trading.study import best_of
from trading.study_summary import fold_done, line_of, summed
from trading.trial_scores import rows_of, scores

_ASKED: TypeAdapter[StudyAsked] = TypeAdapter(StudyAsked)
FLOAT32 = "<f4"
DATA_HASH = "data_hash"


class Known(NamedTuple):
    """A study as its row has it."""

    asked: StudyAsked
    prepared: Prepared


class Studies:
    """The port `BacktestRuns`, over tables or memory."""

    def __init__(self, rows: RunRows, panels: Panels | None = None, engines: Engines | None = None) -> None:
        self._rows = rows
        self._engines = engines or Engines()
        self._panels = panels or Panels()
        self._known: dict[str, Known] = {}
        self._bases: dict[str, Base] = {}

    async def prepare(self, asked: StudyAsked) -> Prepared:
        """Load the data, split the study and keep its row."""
        panel = await self._panels.of(asked.source, asked.plan)
        prepared = _split(asked, panel)
        kept = await self._rows.begin(_row(asked, prepared, panel))
        if kept.card[DATA_HASH] != panel.data_hash:
            raise BadMarketData(f"the data are not those that run {asked.run_id} began with")
        if isinstance(asked, MonteCarloAsked):
            base = await self._base(Known(asked, prepared), panel)
            await self._rows.keep([as_it_was(asked, base)])
        return prepared

    async def left(self, chunk: Chunk) -> tuple[int, ...]:
        """The numbers of a chunk that are not kept yet."""
        kept = await self._rows.numbers(chunk)
        return tuple(number for number in chunk.numbers if number not in kept)

    async def run(self, chunk: Chunk, numbers: Sequence[int]) -> None:
        """Run these combinations and keep their rows together."""
        known = await self._find(chunk.run_id)
        panel = await self._panel(known)
        asked, prepared = known
        if isinstance(asked, MonteCarloAsked):
            rows = courses(asked, await self._base(known, panel), numbers)
        else:
            plan = within(asked.plan, prepared.folds[chunk.fold].train)
            combinations = [asked.grid.at(number) for number in numbers]
            engine, of = prepared.engine or Engine.COLUMNS, prepared.combinations * len(prepared.folds)
            tried = await self._engines.try_all(panel, plan, engine, combinations, of=of)
            rows = _rows(chunk, numbers, tried, float(asked.plan.cash))
        await self._rows.keep(rows)

    async def done(self, chunk: Chunk) -> ChunkDone:
        """What is kept of a chunk."""
        known = await self._find(chunk.run_id)
        rows = await self._rows.trials(chunk.run_id, chunk=chunk)
        best = () if known.asked.kind is RunKind.MONTE_CARLO else self._best(known, rows)
        failed = sum(row.error is not None for row in rows)
        return ChunkDone(chunk=chunk, done=len(rows), failed=failed, best=best)

    async def judge(self, asked: FoldAsked) -> FoldDone:
        """Run the best of a fold over its test, and keep it."""
        known = await self._find(asked.run_id)
        fold = known.prepared.folds[asked.fold]
        rows = await self._rows.trials(asked.run_id, fold=asked.fold)
        best = self._best(known, [row for row in rows if not row.is_test])
        if fold.test is None or not best:
            return FoldDone(fold=asked.fold, trouble=f"fold {asked.fold}: none of its combinations could be run")
        if not any(row.is_test for row in rows):
            await self._rows.keep([await self._judged(known, fold.number, fold.test, best[0])])
            rows = await self._rows.trials(asked.run_id, fold=asked.fold)
        return fold_done(fold, rows, known.asked.objective)

    async def finish(self, ended: Ended) -> StudySummary:
        """Sum up what is kept, and end the run; one that has ended stays as it ended."""
        row = await self._rows.find(ended.run_id)
        if row is None:  # cancelled before it was there
            nothing = {"total": 0, "done": 0, "failed": 0, "warnings": ended.troubles}
            return StudySummary.model_validate(ended.model_dump(exclude={"troubles"}) | nothing)
        if row.status is not RunStatus.RUNNING:
            return StudySummary.model_validate(row.metrics)
        known = await self._find(ended.run_id)
        rows = await self._rows.trials(ended.run_id, with_returns=True)
        return await self._rows.end(ended.run_id, ended.status, summed(known.asked, known.prepared, rows, ended))

    async def _judged(self, known: Known, fold: int, test: Span, best: TrialLine) -> TrialRow:
        panel, cash = await self._panel(known), float(known.asked.plan.cash)
        plan = with_parameters(within(known.asked.plan, test), best.parameters)
        (tried,) = await self._engines.try_all(panel, plan, known.prepared.engine or Engine.COLUMNS, [best.parameters])
        chunk = Chunk(run_id=known.asked.run_id, fold=fold, first=best.number, count=1)
        (row,) = _rows(chunk, [best.number], [tried], cash)
        whole = b"" if tried.equity is None else _bytes(returns_of(np.insert(tried.equity, 0, cash)))
        # What follows on a fold before begins with its cash: stitched together, no day is lost.
        return replace(row, is_test=True, returns=whole)

    def _best(self, known: Known, rows: Sequence[TrialRow]) -> tuple[TrialLine, ...]:
        return best_of((line_of(row, known.asked.objective) for row in rows), BEST_OF_A_CHUNK)

    async def _find(self, run_id: str) -> Known:
        if run_id not in self._known:
            row = await self._rows.find(run_id)
            if row is None:
                raise BadConfiguration(f"there is no run {run_id}")
            self._known[run_id] = Known(
                _ASKED.validate_python(row.asked), Prepared.model_validate(row.card["prepared"])
            )
        return self._known[run_id]

    async def _panel(self, known: Known) -> Panel:
        """The run's data. Another worker may have them where this one has others."""
        panel = await self._panels.of(known.asked.source, known.asked.plan)
        if panel.data_hash != known.prepared.data_hash:
            raise MarketUnavailable(f"the data at this worker are not those of run {known.asked.run_id}")
        return panel

    async def _base(self, known: Known, panel: Panel) -> Base:
        run_id = known.asked.run_id
        if run_id not in self._bases:
            self._bases[run_id] = await base_of(
                self._engines, panel, known.asked.plan, known.prepared.engine or Engine.COLUMNS
            )
        return self._bases[run_id]


def _split(asked: StudyAsked, panel: Panel) -> Prepared:
    days, engine = sessions(panel, asked.plan), engine_of(asked, panel)
    folds: tuple[Fold, ...]
    if isinstance(asked, MonteCarloAsked):
        if not days:
            raise BadConfiguration("there are no sessions between these dates")
        folds, combinations, slow = (Fold(number=0, train=_all(days)),), asked.trials, False
    else:
        folds, combinations, slow = folds_of(asked, days), asked.grid.size, engine is Engine.CYCLES
    return Prepared(
        run_id=asked.run_id,
        folds=folds,
        combinations=combinations,
        chunk_size=chunk_size(combinations, len(folds), slow=slow),
        data_hash=panel.data_hash,
        engine=engine,
    )


def _all(days: Sequence[object]) -> Span:
    return Span.model_validate({"from_on": days[0], "to_on": days[-1], "sessions": len(days)})


def _row(asked: StudyAsked, prepared: Prepared, panel: Panel) -> RunRow:
    plan = asked.plan
    cautions: list[JsonValue] = [one.model_dump(mode="json") for one in panel.cautions]
    return RunRow(
        run_id=asked.run_id,
        desk_id=asked.desk_id,
        kind=asked.kind,
        name=asked.name,
        strategy=plan.strategy,
        symbols=plan.symbols,
        from_on=plan.from_on,
        to_on=plan.to_on,
        status=RunStatus.RUNNING,
        trials=prepared.combinations * len(prepared.folds),
        asked=asked.model_dump(mode="json", exclude={"desk_id"}),
        card={DATA_HASH: panel.data_hash, "prepared": prepared.model_dump(mode="json"), "cautions": cautions},
    )


def _rows(chunk: Chunk, numbers: Sequence[int], tried: Sequence[Tried], cash: float) -> list[TrialRow]:
    """A row each, measured together."""
    ran = [one.equity for one in tried if one.equity is not None]
    equity = np.stack(ran) if ran else np.empty((0, 2))
    measured = zip(rows_of(scores(equity, cash)) if ran else (), returns_of(equity), strict=True)
    rows = []
    for number, one in zip(numbers, tried, strict=True):
        row = TrialRow(run_id=chunk.run_id, fold=chunk.fold, number=number, parameters=one.parameters)
        if one.equity is None:
            rows.append(replace(row, error=one.error or "it could not be run"))
        else:
            told, returns = next(measured)
            rows.append(replace(row, metrics={**told, "fills": float(one.fills)}, returns=_bytes(returns)))
    return rows


def _bytes(returns: Column) -> bytes:
    return returns.astype(FLOAT32).tobytes()
