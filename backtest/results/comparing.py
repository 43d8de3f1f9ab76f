"""Runs beside each other: what they differ in, what they brought, and their curves from one level on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from backtest.data.panel import Column, Days
from backtest.results.result import RunCard
from trading.backtest_plan import Plan
from trading.metrics import MEASURES, NOT_DEFINED, Metrics, shown

REBASED = 100.0
"""What each run's first dollar is worth on the picture that they share."""


class Compared(NamedTuple):
    """A run that is compared, with its sessions and its equity at each close; `SavedRun` has all four."""

    card: RunCard
    metrics: Metrics
    days: Days
    equity: Column


class Row(NamedTuple):
    """One line of a comparison: what it is, and each run's value in words, in the order of the runs."""

    label: str
    values: tuple[str, ...]


def settings_of(plan: Plan) -> list[tuple[str, str]]:
    """Every setting by its way through the records, such as `frictions.costs.slippage_bps`, and its value in words."""
    return list(_flat(plan.model_dump(mode="json")))


def differences(runs: Sequence[Compared]) -> list[Row]:
    """The settings, and of the cards the engine, the code, the data and the models, in which the runs are not alike."""
    told = [dict(_card(run.card)) for run in runs]
    names = dict.fromkeys(name for each in told for name in each)
    rows = [Row(name, tuple(each.get(name, NOT_DEFINED) for each in told)) for name in names]
    return [row for row in rows if len(set(row.values)) > 1]


def outcomes(runs: Sequence[Compared]) -> list[Row]:
    """The trials and every metric; what none of the runs has is left out."""
    rows = [Row("Trials", tuple(f"{run.card.trials:,}" for run in runs))]
    for measure in MEASURES:
        values = tuple(shown(measure, getattr(run.metrics, measure.field)) for run in runs)
        if set(values) != {NOT_DEFINED}:
            rows.append(Row(measure.label, values))
    return rows


def rebased(runs: Sequence[Compared]) -> tuple[Days, list[Column]]:
    """All sessions that any run has, and each run's equity there over what it began with, times 100; NaN elsewhere."""
    days = np.unique(np.concatenate([run.days for run in runs]))
    curves = []
    for run in runs:
        curve = np.full(len(days), np.nan)
        curve[np.searchsorted(days, run.days)] = run.equity / float(run.card.plan.cash) * REBASED
        curves.append(curve)
    return days, curves


def _card(card: RunCard) -> Iterator[tuple[str, str]]:
    yield "engine", card.engine.value
    yield "code_version", card.code_version
    yield "data", card.data
    yield "data_hash", card.data_hash
    yield "rule_version", card.rule_version or NOT_DEFINED
    yield from _flat({"models": card.models, "prompts": card.prompts})
    yield from settings_of(card.plan)


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        yield path, " ".join(map(str, value)) or NOT_DEFINED
    else:
        yield path, NOT_DEFINED if value is None else str(value)
