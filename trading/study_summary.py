"""What came of a study, over all of its trials: the best, what failed and why, what the best of so many is worth."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trading.backtesting import (
    MOST_LINES,
    MOST_TROUBLES,
    Ended,
    Failure,
    Fold,
    FoldDone,
    Honesty,
    MonteCarloAsked,
    Objective,
    Prepared,
    Resampled,
    StudyAsked,
    StudySummary,
    SweepAsked,
    TrialLine,
    TrialRow,
)
from trading.overfitting import overfitting
from trading.performance import SESSIONS_A_YEAR
from trading.resampling import PERCENTILES, bootstrap
from trading.significance import deflated_sharpe, shape_of
from trading.study import best_of
from trading.study_warnings import warnings_of
from trading.trial_scores import Numbers, rows_of, score_of, scores

Column = NDArray[np.float64]
_YEAR = math.sqrt(SESSIONS_A_YEAR)
_NOTHING = 1e-12
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def summed(asked: StudyAsked, prepared: Prepared, rows: Sequence[TrialRow], ended: Ended) -> StudySummary:
    """The summary of a study, of which these are all the rows, with their returns."""
    tried = [row for row in rows if not row.is_test]
    failed = [row for row in tried if row.error is not None]
    folds = tuple(_folds(asked, prepared, rows))
    summary = StudySummary(
        run_id=asked.run_id,
        kind=asked.kind,
        status=ended.status,
        objective=asked.objective,
        total=prepared.combinations * len(prepared.folds),
        done=len(tried),
        failed=len(failed),
        best=_best(asked, rows),
        failures=_failures(failed),
        honesty=_honesty(asked, rows),
        folds=folds,
        out_of_sample=_stitched(asked, rows),
        percentiles=PERCENTILES if isinstance(asked, MonteCarloAsked) else (),
        drawn=_drawn(asked, tried) if isinstance(asked, MonteCarloAsked) else "",
        quantiles=_quantiles(tried) if isinstance(asked, MonteCarloAsked) else {},
    )
    return summary.model_copy(update={"warnings": warnings_of(asked, summary, ended.troubles)})


def line_of(row: TrialRow, objective: Objective) -> TrialLine:
    """A row as a table shows it."""
    score = score_of(row.metrics, objective)
    return TrialLine(fold=row.fold, number=row.number, parameters=row.parameters, score=score, metrics=row.metrics)


def fold_done(fold: Fold, rows: Sequence[TrialRow], objective: Objective) -> FoldDone:
    """What was chosen in a fold and how it stood after, from the fold's rows."""
    judged = next((row for row in rows if row.is_test), None)
    if judged is None:
        return FoldDone(fold=fold.number, train=fold.train, test=fold.test, trouble="it was not judged")
    chosen = next(row for row in rows if not row.is_test and row.number == judged.number)
    return FoldDone(
        fold=fold.number,
        train=fold.train,
        test=fold.test,
        chosen=line_of(chosen, objective),
        metrics=judged.metrics,
        out_of_sample=score_of(judged.metrics, objective),
        trouble=judged.error or "",
    )


def _folds(asked: StudyAsked, prepared: Prepared, rows: Sequence[TrialRow]) -> list[FoldDone]:
    return [
        fold_done(fold, [row for row in rows if row.fold == fold.number], asked.objective)
        for fold in prepared.folds
        if fold.test is not None
    ]


def _best(asked: StudyAsked, rows: Sequence[TrialRow]) -> tuple[TrialLine, ...]:
    if isinstance(asked, MonteCarloAsked):
        return tuple(line_of(row, asked.objective) for row in rows if row.is_test)
    return best_of((line_of(row, asked.objective) for row in rows if not row.is_test), MOST_LINES)


def _failures(failed: Sequence[TrialRow]) -> tuple[Failure, ...]:
    """By what was wrong, whatever the numbers were; each in the words of its first."""
    kinds = [_NUMBER.sub("0", row.error or "") for row in failed]
    first = dict(zip(reversed(kinds), reversed(failed), strict=True))
    return tuple(
        Failure(reason=first[kind].error or "", count=count, parameters=first[kind].parameters)
        for kind, count in Counter(kinds).most_common(MOST_TROUBLES)
    )


def _honesty(asked: StudyAsked, rows: Sequence[TrialRow]) -> Honesty | None:
    """Of a sweep, what its best proves; of a walk-forward, what was not seen while choosing does: nothing chose it."""
    ran = [row for row in rows if not row.is_test and row.error is None]
    if isinstance(asked, MonteCarloAsked):
        return None
    if ran and not any(row.metrics.get("fills") for row in rows):
        return Honesty(trials=len(ran), traded=False)
    if isinstance(asked, SweepAsked):
        chosen = best_of((line_of(row, asked.objective) for row in ran), 1)
        returns = next((_returns(row) for row in ran if chosen and row.number == chosen[0].number), np.empty(0))
        variance, probability = _luck(_matrix(ran))
        return _told(returns, asked.plan.seed, (len(ran), len(ran), variance), probability)
    return _told(_judged(rows), asked.plan.seed, (len(ran), 1, 0.0), None)


def _luck(matrix: Column) -> tuple[float, float | None]:
    """Over all trials: the variance of their daily Sharpe ratios, and the probability of overfitting."""
    ratios = _ratios(matrix)
    found = overfitting(matrix) if matrix.size else None
    return float(np.var(ratios, ddof=1)) if len(ratios) > 1 else 0.0, found.probability if found else None


def _told(returns: Column, seed: int, tried: tuple[int, int, float], probability: float | None) -> Honesty:
    """`tried`: trials that ran, those that were chosen among, and the variance of their daily Sharpe ratios."""
    ran, trials, variance = tried
    shape = shape_of(returns)
    if shape is None:
        return Honesty(trials=ran, overfitting=probability)
    deflated = deflated_sharpe(shape, trials, variance)
    spread = bootstrap(returns, np.random.default_rng(seed))
    ends = (spread.sharpe.low, spread.sharpe.high) if spread else (None, None)
    return Honesty(
        trials=ran,
        sharpe=shape.sharpe * _YEAR,
        expected_sharpe=deflated.bar * _YEAR if deflated else None,
        deflated_sharpe=deflated.probability if deflated else None,
        overfitting=probability,
        interval=tuple(end for end in ends if end is not None),
        draws=spread.draws if spread else 0,
        block=spread.block if spread else None,
    )


def _ratios(matrix: Column) -> Column:
    """Daily Sharpe ratios of the trials that have one."""
    if len(matrix) < 2:  # noqa: PLR2004  a deviation needs two
        return np.empty(0)
    risk = matrix.std(axis=0, ddof=1)
    return np.asarray(matrix.mean(axis=0)[risk >= _NOTHING] / risk[risk >= _NOTHING])


def _stitched(asked: StudyAsked, rows: Sequence[TrialRow]) -> Numbers:
    """The numbers of all tests one after the other, with the gains of each at work in the next."""
    returns = _judged(rows)
    if isinstance(asked, MonteCarloAsked) or not len(returns):
        return {}
    start = float(asked.plan.cash)
    equity = np.asarray(start * np.cumprod(np.insert(1 + returns, 0, 1.0)), np.float64)
    (numbers,) = rows_of(scores(equity[None, :], start))
    return numbers


def _judged(rows: Sequence[TrialRow]) -> Column:
    parts = [_returns(row) for row in rows if row.is_test and row.error is None]
    return np.concatenate(parts) if parts else np.empty(0)


def _quantiles(tried: Sequence[TrialRow]) -> dict[str, tuple[float, ...]]:
    names = tried[0].metrics if tried else {}
    columns = {name: [row.metrics[name] for row in tried if row.metrics.get(name) is not None] for name in names}
    return {
        name: tuple(np.percentile(np.array(column, dtype=float), PERCENTILES).tolist())
        for name, column in columns.items()
        if column
    }


def _drawn(asked: MonteCarloAsked, tried: Sequence[TrialRow]) -> str:
    """What the percentiles are of: what was done to the run's own past, and no promise of any future."""
    if asked.of is Resampled.TRADES:
        how = "each the run's own closed trades in another order"
    else:
        how = f"each its own daily returns drawn anew in blocks of {asked.block:,} sessions on average"
        how += " (stationary bootstrap)"
    return f"percentiles over {len(tried):,} courses, {how}"


def _matrix(ran: Sequence[TrialRow]) -> Column:
    """Daily returns [T, N], a column a trial: filled in place, for of ten thousand there is no room twice."""
    matrix = np.empty((len(_returns(ran[0])) if ran else 0, len(ran)))
    for column, row in enumerate(ran):
        matrix[:, column] = _returns(row)
    return matrix


def _returns(row: TrialRow) -> Column:
    return np.frombuffer(row.returns, "<f4").astype(np.float64)
