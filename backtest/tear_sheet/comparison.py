"""One page on which several runs stand beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from backtest.results.comparing import REBASED, Compared, Row, differences, outcomes, rebased
from backtest.results.written import write_whole
from backtest.tear_sheet.axes import axis_of
from backtest.tear_sheet.card import banners, title_of
from backtest.tear_sheet.drawing import Frame, chart, legend, level, line
from backtest.tear_sheet.figures import MINUS
from backtest.tear_sheet.markup import Html, element, joined
from backtest.tear_sheet.page import page
from backtest.tear_sheet.parts import Heading, counted, figure, note, section, table, text

MOST_LINES = 6
"""As many lines can be told apart by their dashes."""


def write_comparison(runs: Sequence[Compared], path: Path) -> None:
    """Write the page; what is at the path is replaced once it is whole."""
    write_whole(path, comparison(runs).encode())


def comparison(runs: Sequence[Compared]) -> Html:
    """The page of two runs or more, in their order."""
    names = [run.card.run_id for run in runs]
    trials = sum(run.card.trials for run in runs)
    told = f"{counted(len(runs), 'run')}, {counted(trials, 'combination')} tried for them in all"
    every = tuple(dict.fromkeys(words for run in runs for words in run.card.banners))
    head = element("header", element("p", "comparison", class_="kind"), element("h1", "Runs beside each other"))
    unlike = differences(runs)
    return page(
        "Runs beside each other",
        head,
        element("p", told, class_="told"),
        banners(every),
        section("Equity", _picture(runs)),
        section("What they brought", _table("Metrics", names, outcomes(runs))),
        section("What they differ in", _table("Settings", names, unlike) if unlike else note("In nothing.")),
    )


def _picture(runs: Sequence[Compared]) -> Html:
    shown = runs[:MOST_LINES]
    days, curves = rebased(shown)
    frame = Frame(days, axis_of(curves, log=True), 380, unit="")
    lines = [line(frame, curve, f"rank-{rank}") for rank, curve in enumerate(curves)]
    rows = [(f"rank-{rank}", f"{run.card.run_id}: {title_of(run.card.plan)}") for rank, run in enumerate(shown)]
    words = f"{REBASED:.0f} is what each began with" + (", logarithmic scale." if frame.axis.log else ".")
    if len(runs) > len(shown):
        words += f" The first {MOST_LINES} of {len(runs)} runs."
    ends = ", ".join(f"{run.card.run_id} {run.equity[-1] / float(run.card.plan.cash) * REBASED:.1f}" for run in shown)
    told = f"Equity of {counted(len(shown), 'run')}, {days[0]} to {days[-1]}; at the end {ends}"
    return figure("Equity", legend(rows), chart(frame, told, [level(frame, REBASED), *reversed(lines)]), caption=words)


def _table(name: str, names: Sequence[str], rows: Sequence[Row]) -> Html:
    headings = [text(""), *map(Heading, names)]
    cells = (
        [row.label, *(value.replace("-", MINUS, 1) if value[:1] == "-" else value for value in row.values)]
        for row in rows
    )
    return joined(table(name, headings, cells))
