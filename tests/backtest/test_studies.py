"""Studies in one process: what they keep is what single runs give, and nothing of them depends on who ran it when."""

from __future__ import annotations

import asyncio
import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from backtest.columns import run_columns
from backtest.data.panel import Column, Panel
from backtest.data.panels import Panels, from_files
from backtest.measures.round_trips import trades_of
from backtest.studies.run_rows import MemoryRuns
from backtest.studies.runs import Studies
from backtest.studies.trials import with_parameters, within
from console.study import Here
from console.study_shown import told
from tests.rig import until
from tests.studies import GRID, Slowly, monte_carlo, plan, run_here, sweep, walk
from trading.backtest_plan import Plan
from trading.backtesting import Chunk, Resampled, RunStatus, Source, StudyAsked, StudySummary, TrialRow
from trading.errors import BadConfiguration, BadMarketData, MarketUnavailable
from trading.study import Study
from workflows.study_tables import summary_table


async def rows_of(asked: StudyAsked) -> tuple[list[TrialRow], StudySummary]:
    rows = MemoryRuns()
    summary = await run_here(asked, rows)
    return await rows.trials(asked.run_id, with_returns=True), summary


async def test_a_sweep_keeps_what_each_run_alone_would_bring(sample_data: Path) -> None:
    asked = sweep(sample_data)
    rows, summary = await rows_of(asked)
    panel = await from_files(asked.source, asked.plan)
    assert len(rows) == asked.grid.size == 30
    for row in rows[::7]:
        assert row.parameters == asked.grid.at(row.number)
        if row.error is None:
            alone = run_columns(panel, with_parameters(asked.plan, row.parameters))
            assert row.metrics["final_equity_usd"] == pytest.approx(alone.equity[-1], abs=1e-6)
            assert row.metrics["fills"] == len(alone.fills)
    assert (summary.status, summary.total, summary.done) == (RunStatus.COMPLETED, 30, 30)
    scores = [line.score or 0 for line in summary.best]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == max(row.metrics["sharpe"] or 0 for row in rows if row.error is None)


async def test_a_combination_that_fails_is_reported_and_the_rest_is_run(sample_data: Path) -> None:
    rows, summary = await rows_of(sweep(sample_data))
    failed = [row for row in rows if row.error is not None]
    expected = [row for row in rows if int(str(row.parameters["fast"])) >= int(str(row.parameters["slow"]))]
    assert failed == expected
    assert summary.failed == len(failed) > 0
    assert sum(one.count for one in summary.failures) == len(failed)
    assert any("fast" in one.reason and "slow" in one.reason for one in summary.failures)
    assert f"{len(failed)} of 30 failed; the others are not touched by it" in summary.warnings
    assert summary.honesty is not None
    assert summary.honesty.trials == 30 - len(failed)


async def test_a_study_of_failures_alone_has_failed(sample_data: Path) -> None:
    _, summary = await rows_of(sweep(sample_data, "fast=50,60", "slow=20"))
    assert (summary.status, summary.failed, summary.best) == (RunStatus.FAILED, 2, ())


async def test_a_sweep_says_what_its_best_is_worth(sample_data: Path) -> None:
    _, summary = await rows_of(sweep(sample_data))
    honest = summary.honesty
    assert honest is not None
    assert honest.deflated_sharpe is not None
    assert honest.overfitting is not None
    assert honest.expected_sharpe is not None
    low, high = honest.interval
    assert low < (honest.sharpe or 0) < high
    (words,) = (line for line in said_of(summary) if "bootstrap" in line)
    assert "; 95% of 1,000 bootstrap draws of its daily returns between " in words
    assert f"{low:.3f} and {high:.3f} (blocks of 6.8 sessions on average)" in words
    assert any("nothing was held back" in warning for warning in summary.warnings)


def said_of(summary: StudySummary) -> list[str]:
    """What a wide terminal shows of it."""
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(*told(summary, wide=True), sep="\n")
    return console.export_text().splitlines()


@pytest.mark.parametrize("kind", [sweep, walk])
async def test_a_study_in_which_nothing_trades_says_that_and_no_probability(
    sample_data: Path, kind: Callable[..., StudyAsked]
) -> None:
    asked = kind(sample_data, plan=plan(sample_data, cash=Decimal(10)))
    _, summary = await rows_of(asked)
    honest = summary.honesty
    assert honest is not None
    assert honest.trials > 10
    assert (honest.traded, honest.overfitting, honest.deflated_sharpe, honest.sharpe) == (False, None, None, None)
    assert not any("chance" in warning or "luck alone" in warning for warning in summary.warnings)
    assert any(warning.startswith("nothing traded: none of ") for warning in summary.warnings)
    assert [line.split() for line in said_of(summary) if "overfitting" in line] == [
        ["overfitting", "not", "defined:", "nothing", "traded"]
    ]
    assert "nothing traded" in summary_table(summary)


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (
            Resampled.RETURNS,
            "its own daily returns drawn anew in blocks of 20 sessions on average (stationary bootstrap)",
        ),
        (Resampled.TRADES, "each the run's own closed trades in another order"),
    ],
)
async def test_percentiles_say_of_what_they_are(sample_data: Path, of: Resampled, words: str) -> None:
    _, summary = await rows_of(monte_carlo(sample_data, of=of))
    assert any(line.strip().startswith("percentiles over 200 courses, ") and words in line for line in said_of(summary))


async def test_what_is_held_back_judges_the_best_and_chooses_nothing(sample_data: Path) -> None:
    whole, held = sweep(sample_data), sweep(sample_data, holdout="0.3")
    _, summary = await rows_of(held)
    (fold,) = summary.folds
    assert fold.train is not None
    assert fold.test is not None
    assert fold.chosen == summary.best[0]
    # The same sweep over nothing but the days of choosing chooses the same.
    cut = whole.model_copy(update={"plan": within(whole.plan, fold.train)})
    _, alone = await rows_of(cut)
    assert alone.best == summary.best
    panel = await from_files(held.source, held.plan)
    after = run_columns(panel, with_parameters(within(held.plan, fold.test), summary.best[0].parameters))
    assert fold.metrics["final_equity_usd"] == pytest.approx(after.equity[-1])
    assert summary.out_of_sample["total_return"] == pytest.approx(after.equity[-1] / 100_000 - 1, rel=1e-4)
    assert not any("nothing was held back" in warning for warning in summary.warnings)


async def test_a_walk_forward_stitches_together_what_it_had_not_seen(sample_data: Path) -> None:
    rows, summary = await rows_of(walk(sample_data))
    judged = [row for row in rows if row.is_test]
    assert len(judged) == len(summary.folds) > 3
    gains = [1 + (row.metrics["total_return"] or 0) for row in judged]
    assert summary.out_of_sample["total_return"] == pytest.approx(np.prod(gains) - 1, rel=1e-4)
    for fold, row in zip(summary.folds, judged, strict=True):
        of_fold = [one for one in rows if one.fold == fold.fold and not one.is_test]
        assert fold.chosen is not None
        assert fold.chosen.number == row.number
        assert fold.chosen.score == max(one.metrics["sharpe"] or -9 for one in of_fold if one.error is None)


async def test_the_future_changes_no_choice(sample_data: Path) -> None:
    asked = walk(sample_data)
    _, before = await rows_of(asked)
    turn = before.folds[2].train
    assert turn is not None

    async def otherwise(source: Source, plan: Plan) -> Panel:
        panel = await from_files(source, plan)
        later = panel.days > np.datetime64(turn.to_on)
        opened, high, low, close = (_shaken(one, later) for one in (panel.open, panel.high, panel.low, panel.close))
        return replace(panel, open=opened, high=high, low=low, close=close)

    rows = MemoryRuns()
    after = await Study(asked).run(Here(Studies(rows, Panels(otherwise))))
    assert [fold.chosen for fold in after.folds[:3]] == [fold.chosen for fold in before.folds[:3]]
    assert after.folds[2].metrics != before.folds[2].metrics


def _shaken(prices: Column, later: NDArray[np.bool_]) -> Column:
    shaken = prices.copy()
    shaken[later] *= np.linspace(1, 3, int(later.sum()))[:, None]
    return shaken


@pytest.mark.parametrize("of", list(Resampled))
async def test_other_courses_are_the_same_in_whatever_chunks_they_are_drawn(sample_data: Path, of: Resampled) -> None:
    asked = monte_carlo(sample_data, of=of)
    rows, summary = await rows_of(asked)
    studies, others = Studies(again := MemoryRuns()), range(0, 200, 5)
    await studies.prepare(asked)
    for first in others:
        chunk = Chunk(run_id=asked.run_id, first=first, count=5)
        await studies.run(chunk, tuple(chunk.numbers))
    assert await again.trials(asked.run_id, with_returns=True) == rows
    assert summary.done == 200
    falls = summary.quantiles["max_drawdown"]
    assert list(falls) == sorted(falls)
    assert len(falls) == len(summary.percentiles)
    assert falls[0] < (summary.best[0].metrics["max_drawdown"] or 0) < falls[-1]


async def test_a_run_as_it_was_stands_beside_its_other_courses(sample_data: Path) -> None:
    asked = monte_carlo(sample_data)
    _, summary = await rows_of(asked)
    panel = await from_files(asked.source, asked.plan)
    result = run_columns(panel, asked.plan)
    assert summary.best[0].metrics["final_equity_usd"] == pytest.approx(result.equity[-1])
    _, by_trades = await rows_of(monte_carlo(sample_data, of=Resampled.TRADES))
    trades = trades_of(result)
    order = np.argsort(trades.left[trades.closed], kind="stable")
    course = np.insert(100_000 + np.cumsum(trades.pnl[trades.closed][order]), 0, 100_000)
    deepest = float((1 - course / np.maximum.accumulate(course)).max())
    assert by_trades.best[0].metrics == {"max_drawdown": pytest.approx(deepest)}


async def test_another_seed_draws_other_courses(sample_data: Path) -> None:
    _, one = await rows_of(monte_carlo(sample_data))
    _, other = await rows_of(monte_carlo(sample_data, seed=1))
    assert one.quantiles != other.quantiles


async def test_a_cancelled_study_keeps_and_sums_up_what_is_done(sample_data: Path) -> None:
    rows, slowly = MemoryRuns(), Slowly(0.01)
    study = Study(sweep(sample_data, "fast=2..30", "slow=40..48"))
    running = asyncio.create_task(study.run(Here(Studies(rows, engines=slowly))))

    async def half_way() -> bool:
        return len(slowly.tried) >= 80

    await until(half_way)
    running.cancel()
    summary = await running
    assert summary.status is RunStatus.CANCELLED
    assert 0 < summary.done < summary.total
    assert summary.done == len(await rows.trials("sweep-1"))
    assert f"cancelled: {summary.total - summary.done} of {summary.total} were not run" in summary.warnings[0]
    row = await rows.find("sweep-1")
    assert row is not None
    assert row.status is RunStatus.CANCELLED


async def test_a_worker_with_other_data_leaves_the_chunk_to_another(sample_data: Path, tmp_path: Path) -> None:
    shutil.copytree(sample_data, tmp_path / "bars")
    asked = sweep(tmp_path / "bars")
    rows = MemoryRuns()
    await Studies(rows).prepare(asked)

    async def otherwise(source: Source, plan: Plan) -> Panel:
        return replace(await from_files(source, plan), data_hash="another")

    with pytest.raises(MarketUnavailable, match="the data at this worker are not those of run sweep-1"):
        await Studies(rows, Panels(otherwise)).run(Chunk(run_id="sweep-1", count=2), (0, 1))
    with pytest.raises(BadMarketData, match="are not those that run sweep-1 began with"):
        await Studies(rows, Panels(otherwise)).prepare(asked)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"source": Source()}, "a study needs a folder or a file of daily bars"),
        ({"plan": {"strategy": "rsi-reversion"}, "engine": "columns"}, "the columns engine cannot run this"),
    ],
)
async def test_what_cannot_be_studied_is_refused_before_anything_is_kept(
    sample_data: Path, changes: dict[str, object], told: str
) -> None:
    if isinstance(wrong := changes.get("plan"), dict):
        changes = {**changes, "plan": plan(sample_data, parameters={}, **wrong)}
    rows = MemoryRuns()
    with pytest.raises(BadConfiguration, match=told):
        await run_here(sweep(sample_data, *GRID, **changes), rows)
    assert await rows.listed(9) == []
