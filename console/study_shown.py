"""A study on a terminal: the best, then always how many were tried, what that leaves of them, what to be wary of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from console.output import Output, Tone, grid, pairs, plain, title, toned
from console.study_bar import described
from trading.backtesting import (
    FoldDone,
    Honesty,
    Objective,
    RunKind,
    RunStatus,
    StudySummary,
    TrialLine,
)
from trading.metrics import MEASURES, NOT_DEFINED, shown
from trading.resampling import CONFIDENCE
from trading.study_warnings import AS_GOOD_AS_CHANCE, SURE

COLUMNS = ("total_return", "cagr", "sharpe", "max_drawdown", "fills")
NARROW = ("total_return", "max_drawdown", "fills")
"""What there is room for on any terminal, beside what was looked for."""
MOST_FOLDS = 30
NOTHING_TRADED = "not defined: nothing traded"
_MEASURES = {measure.field: measure for measure in MEASURES}
_TONES: dict[RunStatus, Tone] = {
    RunStatus.COMPLETED: "good",
    RunStatus.RUNNING: "odd",
    RunStatus.CANCELLED: "odd",
    RunStatus.FAILED: "bad",
}


def show_summary(output: Output, summary: StudySummary, ran: Mapping[str, object], no_row: str | None) -> None:
    """All of a study's end."""
    document = {**summary.model_dump(mode="json"), **ran}
    output.show(
        document, title(f"{summary.kind.replace('_', '-')} {summary.run_id}"), *told(summary, wide=output.is_wide)
    )
    if no_row is not None:
        output.say("", toned(f"  in no list of runs: {no_row}", "faint"))
    else:
        output.say("", toned(f"  starter.py backtests show {summary.run_id}", "faint"))


def told(summary: StudySummary, best: Sequence[TrialLine] | None = None, *, wide: bool) -> Iterator[RenderableType]:
    """The tables of a study; `best` are those to name where they are not the summary's own."""
    if summary.kind is RunKind.MONTE_CARLO:
        yield from _courses(summary, wide=wide)
    elif summary.kind is RunKind.SWEEP and summary.best:
        yield title(f"The best by {summary.objective.replace('_', ' ')}")
        yield trials(best or summary.best, summary.objective, wide=wide)
    if summary.folds:
        yield title("In sample, out of sample")
        yield _folds(summary)
    yield title("What that is worth")
    yield pairs(list(_worth(summary)))
    for failure in summary.failures:
        words = f"  {failure.count:,} failed: {failure.reason} ({described(failure.parameters)})"
        yield toned(words, "bad")
    for warning in summary.warnings:
        yield toned(f"  {warning}", "odd")


def trials(lines: Sequence[TrialLine], objective: Objective, *, wide: bool) -> Table:
    """One line a trial."""
    names = list(dict.fromkeys([objective.value, *(COLUMNS if wide else NARROW)]))
    table = grid(">no", "parameters", *(f">{_label(name)}" for name in names))
    for line in lines:
        table.add_row(str(line.number), plain(described(line.parameters)), *(_value(line.metrics, n) for n in names))
    return table


def status(word: RunStatus) -> Text:
    """A status in its colour."""
    return toned(word, _TONES[word])


def _folds(summary: StudySummary) -> Table:
    table = grid(
        ">fold",
        "chosen over",
        "parameters",
        f">{_label(summary.objective)}",
        "judged over",
        ">after",
        ">return",
    )
    for fold in summary.folds[:MOST_FOLDS]:
        table.add_row(*_fold(fold))
    if len(summary.folds) > MOST_FOLDS:
        table.add_row("", f"and {len(summary.folds) - MOST_FOLDS} more")
    return table


def _fold(fold: FoldDone) -> list[RenderableType]:
    train, test, chosen = fold.train, fold.test, fold.chosen
    cells: list[RenderableType] = [str(fold.fold), "" if train is None else f"{train.from_on} – {train.to_on}"]
    cells += [fold.trouble if chosen is None else plain(described(chosen.parameters))]
    cells += [_number(chosen.score if chosen else None), "" if test is None else f"{test.from_on} – {test.to_on}"]
    return [*cells, _number(fold.out_of_sample), _value(fold.metrics, "total_return")]


def _worth(summary: StudySummary) -> Iterator[tuple[str, str | Text]]:
    yield "status", status(summary.status)
    yield "trials", f"{summary.done:,} of {summary.total:,}, {summary.failed:,} failed"
    if summary.honesty is not None:
        yield from _honest(summary.honesty)
    if summary.kind is RunKind.SWEEP and not summary.folds:
        yield "out of sample", toned("nothing was held back", "odd")
    if summary.out_of_sample:
        chosen = [fold.chosen.score for fold in summary.folds if fold.chosen and fold.chosen.score is not None]
        name = _label(summary.objective)
        yield f"{name} in sample", _number(sum(chosen) / len(chosen) if chosen else None)
        found = summary.out_of_sample.get(summary.objective.value)
        yield f"{name} out of sample", _number(found)
        words = [
            f"{_label(one)} {_value(summary.out_of_sample, one)}" for one in ("total_return", "cagr", "max_drawdown")
        ]
        yield "out of sample", ", ".join(words)


def _honest(honest: Honesty) -> Iterator[tuple[str, str | Text]]:
    if not honest.traded:
        yield from ((name, toned(NOTHING_TRADED, "odd")) for name in ("Sharpe ratio", "deflated Sharpe", "overfitting"))
        return
    yield "Sharpe ratio", _interval(honest)
    luck = "" if honest.expected_sharpe is None else f"; luck alone would show {honest.expected_sharpe:.3f}"
    sure = honest.deflated_sharpe
    told = NOT_DEFINED if sure is None else f"{sure:.1%} sure that it is more than luck"
    yield "deflated Sharpe", toned(f"{told}{luck}", "plain" if sure is not None and sure >= SURE else "odd")
    risk = honest.overfitting
    yield (
        "overfitting",
        toned(
            NOT_DEFINED if risk is None else f"probability {risk:.1%}",
            "plain" if risk is not None and risk < AS_GOOD_AS_CHANCE else "odd",
        ),
    )


def _interval(honest: Honesty) -> str:
    """The ratio, and between what most of those lie that are drawn from the same days."""
    if len(honest.interval) < len(("low", "high")):
        return _number(honest.sharpe)
    low, high = honest.interval
    words = f"{_number(honest.sharpe)}; {CONFIDENCE:.0%} of "
    words += f"{honest.draws:,} " if honest.draws else ""
    words += f"bootstrap draws of its daily returns between {low:.3f} and {high:.3f}"
    return words + (f" (blocks of {honest.block:.1f} sessions on average)" if honest.block else "")


def _courses(summary: StudySummary, *, wide: bool) -> Iterator[RenderableType]:
    """The percentiles of each number; on a narrow terminal without the outermost."""
    yield title("Other courses it could have taken")
    of = slice(None) if wide else slice(1, -1)
    table = grid("", ">as it was", *(f">{percent} %" for percent in summary.percentiles[of]))
    happened = summary.best[0].metrics if summary.best else {}
    for name in (name for name in _MEASURES if name in summary.quantiles):
        values = [_dollars(name, one) for one in (happened.get(name), *summary.quantiles[name][of])]
        table.add_row(_label(name), *values)
    yield table
    if summary.drawn:
        yield toned(f"  {summary.drawn}", "faint")


def _dollars(name: str, value: float | None) -> str:
    """A number; dollars in whole ones, for seven of them stand side by side."""
    return f"{value:,.0f}" if value is not None and name == "final_equity_usd" else _value({name: value}, name)


def _label(name: str) -> str:
    return _MEASURES[name].label if name in _MEASURES else name


def _value(metrics: Mapping[str, float | None], name: str) -> str:
    value = metrics.get(name)
    if name in _MEASURES:
        return shown(_MEASURES[name], value)
    return NOT_DEFINED if value is None else f"{value:,.10g}"


def _number(value: float | None) -> str:
    return NOT_DEFINED if value is None else f"{value:.3f}"
