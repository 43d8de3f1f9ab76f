"""Reading back what `exports` wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from backtest.data.panel import Column, Days
from backtest.results.exports import places
from backtest.results.frames import Table
from backtest.results.result import RunCard
from trading.errors import BadConfiguration
from trading.metrics import Metrics


@dataclass(frozen=True, slots=True, eq=False)
class SavedRun:
    """A run as its folder tells it: its tables have the columns of `frames`."""

    folder: Path
    card: RunCard
    metrics: Metrics
    equity_table: Table
    fills: Table
    trades: Table
    refusals: Table

    @property
    def days(self) -> Days:
        """Its sessions, [D]."""
        return np.asarray(self.equity_table["day"], "datetime64[D]")

    @property
    def equity(self) -> Column:
        """Dollars at each close, [D]."""
        return np.asarray(self.equity_table["equity"], np.float64)


def load_run(folder: Path) -> SavedRun:
    """Read a run's folder. Raises BadConfiguration for one that no finished run is in, or that was changed since."""
    at = places(folder)
    if not at.card_json.is_file():
        raise BadConfiguration(f"{folder}: no finished run is there, for it has no {at.card_json.name}")
    try:
        return SavedRun(
            folder=folder,
            card=RunCard.model_validate_json(at.card_json.read_bytes()),
            metrics=Metrics.model_validate_json(at.metrics_json.read_bytes()),
            equity_table=_table(at.equity_parquet),
            fills=_table(at.fills_parquet),
            trades=_table(at.trades_parquet),
            refusals=_table(at.refusals_parquet),
        )
    except (OSError, ValueError, ValidationError) as error:
        raise BadConfiguration(f"{folder}: the run there cannot be read: {error}") from error


def load_equity(folder: Path) -> tuple[RunCard, Table]:
    """A finished run's card and its equity table, and nothing else of it. Raises as `load_run` does."""
    at = places(folder)
    if not at.card_json.is_file():
        raise BadConfiguration(f"{folder}: no finished run is there, for it has no {at.card_json.name}")
    try:
        return RunCard.model_validate_json(at.card_json.read_bytes()), _table(at.equity_parquet)
    except (OSError, ValueError, ValidationError) as error:
        raise BadConfiguration(f"{folder}: the run there cannot be read: {error}") from error


def _table(path: Path) -> Table:
    import pyarrow as pa  # noqa: PLC0415  heavy: only who reads waits for it
    import pyarrow.parquet as pq  # noqa: PLC0415  as above

    table = pq.read_table(path)
    return {
        name: column.to_pylist() if pa.types.is_string(column.type) else column.to_numpy()
        for name, column in zip(table.column_names, table.columns, strict=True)
    }
