"""What a reader of a study must not overlook, a sentence each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trading.backtesting import MonteCarloAsked, RunStatus, StudyAsked, StudySummary, SweepAsked
from trading.grids import Axis

SURE = 0.95
"""The confidence below which the best of many is called luck."""
AS_GOOD_AS_CHANCE = 0.5


def warnings_of(asked: StudyAsked, summary: StudySummary, troubles: Sequence[str]) -> tuple[str, ...]:
    """What to be wary of, the gravest first."""
    return (*_unfinished(summary, troubles), *_luck(asked, summary), *_edges(asked, summary))


def _unfinished(summary: StudySummary, troubles: Sequence[str]) -> Iterator[str]:
    missing = summary.total - summary.done
    if summary.status is RunStatus.CANCELLED:
        yield f"cancelled: {missing:,} of {summary.total:,} were not run, and the best may be among them"
    elif missing:
        yield f"{missing:,} of {summary.total:,} could not be run"
    yield from troubles
    if summary.failed:
        yield f"{summary.failed:,} of {summary.done:,} failed; the others are not touched by it"


def _luck(asked: StudyAsked, summary: StudySummary) -> Iterator[str]:
    honest = summary.honesty
    if honest is None:
        return
    if not honest.traded:
        yield f"nothing traded: none of {honest.trials:,} has a fill, and nothing can be said of luck"
        return
    if isinstance(asked, SweepAsked) and not summary.folds:
        yield "nothing was held back: every number here is of the days that chose the best (--holdout, walk-forward)"
    if honest.deflated_sharpe is None:
        yield f"whether the best of {honest.trials:,} is more than luck cannot be told"
    elif honest.deflated_sharpe < SURE:
        yield _of_luck(asked, honest.trials, honest.deflated_sharpe)
    if honest.overfitting is not None and honest.overfitting >= AS_GOOD_AS_CHANCE:
        yield f"choosing the best is no better than chance: overfitted with probability {honest.overfitting:.0%}"


def _of_luck(asked: StudyAsked, trials: int, probability: float) -> str:
    if isinstance(asked, SweepAsked):
        return f"the best of {trials:,} is not above what luck alone shows: {probability:.1%} sure, not {SURE:.0%}"
    return f"what was not seen while choosing is not surely above nothing: {probability:.1%} sure, not {SURE:.0%}"


def _edges(asked: StudyAsked, summary: StudySummary) -> Iterator[str]:
    """The best at the end of an axis: a better one may lie beyond."""
    if isinstance(asked, MonteCarloAsked) or not isinstance(asked, SweepAsked) or not summary.best:
        return
    best = summary.best[0].parameters
    for axis in asked.grid.axes:
        if best.get(axis.name) in _ends(axis):
            yield f"the best has {axis.name} = {best[axis.name]}, an end of its axis: a better one may lie beyond"


def _ends(axis: Axis) -> tuple[object, ...]:
    """The least and the greatest of an axis of three numbers or more."""
    numbers = [one for one in axis.values if isinstance(one, (int, float)) and not isinstance(one, bool)]
    return (min(numbers), max(numbers)) if len(numbers) == len(axis.values) > 2 else ()  # noqa: PLR2004  two have no middle
