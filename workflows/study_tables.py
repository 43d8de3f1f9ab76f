"""What Temporal's Web UI shows of a study: how far it is, the best so far, and in the end what that is worth."""

from __future__ import annotations

import json
from collections.abc import Sequence

from trading.backtesting import RunProgress, StudySummary, TrialLine

_LONGEST = 120


def progress_table(progress: RunProgress) -> str:
    """How many are done, and a line for each of the best."""
    words = f"**{progress.done:,} of {progress.total:,}** in {progress.chunks_done} of {progress.chunks} chunks"
    words += f", {progress.failed:,} failed" if progress.failed else ""
    words += f", {progress.folds_done} of {progress.folds} folds" if progress.folds > 1 else ""
    return words + _lines(progress.best)


def summary_table(summary: StudySummary) -> str:
    """How it ended, the best, and what the best of so many is worth."""
    parts = [f"**{summary.status}**: {summary.done:,} of {summary.total:,} run, {summary.failed:,} failed"]
    honest = summary.honesty
    if honest is not None:
        sure, risk = _number(honest.deflated_sharpe), _number(honest.overfitting)
        worth = f"deflated Sharpe {sure} · probability of overfitting {risk}"
        parts.append(f"trials {honest.trials:,} · {worth if honest.traded else 'nothing traded'}")
    parts += [f"- {_cell(warning)}" for warning in summary.warnings]
    return "\n\n".join(parts[:2]) + "\n\n" + "\n".join(parts[2:]) + _lines(summary.best)


def _lines(lines: Sequence[TrialLine]) -> str:
    if not lines:
        return ""
    cells = [
        f"| {one.fold} | {one.number} | {_cell(json.dumps(one.parameters))} | {_number(one.score)} |" for one in lines
    ]
    return "\n".join(["\n\n| fold | number | parameters | score |", "|---:|---:|---|---:|", *cells])


def _cell(words: str) -> str:
    return words.replace("|", "/").replace("\n", " ").replace("<", "(")[:_LONGEST]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
