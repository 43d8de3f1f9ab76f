"""A run's equity at each close, as a picture needs it: alone with all that was kept beside it, or next to others'."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from backtest.results.comparing import REBASED
from trading.backtesting import RunKind, RunRow
from trading.errors import BadConfiguration
from trading.money import Record

Values = tuple[float | None, ...]
NO_CURVE = "only single backtests have a curve"
NO_FILES = "its files are not on this machine, or were changed"


class Curve(Record):
    """A run at its closes, thinned evenly to no more than were asked for; dollars, null where a value is not known.

    `held` is what buying all its symbols at the first close would have become, `exposure` what was in positions as a
    part of equity, `drawdown` the part below the highest close so far.
    """

    run_id: Annotated[str, Field(examples=["sma_cross-20261120-1"])]
    sessions: int
    days: tuple[date, ...]
    equity: Values
    benchmark: Values
    held: Values
    exposure: Values
    drawdown: Values


class Curves(Record):
    """Several runs over all sessions that any of them has; the first dollar of each is 100, null where it has none.

    `equity` is by the runs' names, and null of one without a curve; `why` says why there is none.
    """

    days: tuple[date, ...]
    equity: dict[str, Values | None]
    why: dict[str, str]


def curve_of(row: RunRow, most: int) -> Curve:
    """One run's. Raises BadConfiguration when it has none."""
    _, table = _read(row)
    days = np.asarray(table["day"], "datetime64[D]")
    kept = _some(len(days), most)
    equity = np.asarray(table["equity"], np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        exposure = np.asarray(table["gross"], np.float64) / equity
    told = {name: _values(np.asarray(table[name], np.float64)[kept]) for name in ("benchmark", "held", "drawdown")}
    return Curve(
        run_id=row.run_id,
        sessions=len(days),
        days=_dates(days[kept]),
        equity=_values(equity[kept]),
        exposure=_values(exposure[kept]),
        **told,
    )


def curves_of(rows: Sequence[RunRow], most: int) -> Curves:
    """Those of several runs beside each other."""
    found: dict[str, tuple[NDArray[Any], NDArray[np.float64]]] = {}
    why: dict[str, str] = {}
    for row in rows:
        try:
            card, table = _read(row)
        except BadConfiguration as error:
            why[row.run_id] = str(error)
            continue
        first = float(card.plan.cash)
        days = np.asarray(table["day"], "datetime64[D]")
        found[row.run_id] = days, np.asarray(table["equity"], np.float64) / first * REBASED
    every = np.unique(np.concatenate([days for days, _ in found.values()])) if found else np.array([], "datetime64[D]")
    kept = _some(len(every), most)
    curves = {name: _values(_over(every, *known)[kept]) for name, known in found.items()}
    return Curves(days=_dates(every[kept]), equity={row.run_id: curves.get(row.run_id) for row in rows}, why=why)


def _read(row: RunRow) -> Any:
    """A run's card and equity table. Raises BadConfiguration, in words that hold no path."""
    from backtest.results.saved_runs import load_equity  # noqa: PLC0415  what reads is for who asks

    if row.kind is not RunKind.BACKTEST or not row.folder:
        raise BadConfiguration(f"run {row.run_id}: {NO_CURVE}")
    try:
        return load_equity(Path(row.folder))
    except BadConfiguration:
        raise BadConfiguration(f"run {row.run_id}: {NO_FILES}") from None


def _over(every: NDArray[Any], days: NDArray[Any], curve: NDArray[np.float64]) -> NDArray[np.float64]:
    whole = np.full(len(every), np.nan)
    whole[np.searchsorted(every, days)] = curve
    return whole


def _some(count: int, most: int) -> NDArray[np.int64]:
    """So many places at most, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def _values(column: NDArray[np.float64]) -> Values:
    return tuple(float(value) if np.isfinite(value) else None for value in column)


def _dates(days: NDArray[Any]) -> tuple[date, ...]:
    return tuple(days.astype("datetime64[D]").tolist())
