"""A run as files that other programs read: CSV with every digit, Parquet, JSON, and the tear sheet."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np

from backtest.measures.round_trips import trades_of
from backtest.results.frames import Table, equity_table, fills_table, refusals_table, trades_table
from backtest.results.result import Result, RunCard
from backtest.results.written import alone_in, write_whole
from backtest.tear_sheet import write_tear_sheet
from trading.metrics import Metrics

FORMULA = ("=", "+", "-", "@")
"""A spreadsheet takes a word that begins so for a formula; one of ours begins with an apostrophe then."""


class Exported(NamedTuple):
    """Where the files are."""

    folder: Path
    equity_csv: Path
    fills_csv: Path
    trades_csv: Path
    refusals_csv: Path
    equity_parquet: Path
    fills_parquet: Path
    trades_parquet: Path
    refusals_parquet: Path
    metrics_json: Path
    card_json: Path
    tear_sheet: Path


def places(folder: Path) -> Exported:
    """Where the files of a run in this folder are, written or not."""
    return Exported(
        folder=folder,
        equity_csv=folder / "equity.csv",
        fills_csv=folder / "fills.csv",
        trades_csv=folder / "trades.csv",
        refusals_csv=folder / "refusals.csv",
        equity_parquet=folder / "equity.parquet",
        fills_parquet=folder / "fills.parquet",
        trades_parquet=folder / "trades.parquet",
        refusals_parquet=folder / "refusals.parquet",
        metrics_json=folder / "metrics.json",
        card_json=folder / "card.json",
        tear_sheet=folder / "tear_sheet.html",
    )


def export(result: Result, card: RunCard, metrics: Metrics, folder: Path, *, sheet: bool = True) -> Exported:
    """Write all of a run, each file whole or not at all; the card is the last, so a folder that has one is whole.

    Without `sheet` there is no tear sheet, and none of an earlier run is left. Of two that write into one folder at
    once the later leaves its files, all of them.
    """
    with alone_in(folder):
        return _written(result, card, metrics, places(folder), sheet=sheet)


def _written(result: Result, card: RunCard, metrics: Metrics, at: Exported, *, sheet: bool) -> Exported:
    at.card_json.unlink(missing_ok=True)
    at.tear_sheet.unlink(missing_ok=True)
    equity, fills, refusals = equity_table(result), fills_table(result), refusals_table(result)
    trades = trades_table(result, trades_of(result))
    for table, text, columns in (
        (equity, at.equity_csv, at.equity_parquet),
        (fills, at.fills_csv, at.fills_parquet),
        (trades, at.trades_csv, at.trades_parquet),
        (refusals, at.refusals_csv, at.refusals_parquet),
    ):
        write_whole(text, as_csv(table))
        write_whole(columns, as_parquet(table))
    write_whole(at.metrics_json, metrics.model_dump_json(indent=2).encode() + b"\n")
    if sheet:
        write_tear_sheet(result, card, metrics, at.tear_sheet)
    write_whole(at.card_json, card.model_dump_json(indent=2).encode() + b"\n")
    return at


def as_csv(table: Table) -> bytes:
    """A header and a line a row; numbers with every digit that they have, nothing where a value is not known."""
    told = io.StringIO()
    writer = csv.writer(told, lineterminator="\n")
    writer.writerow(table)
    writer.writerows(zip(*(_cells(column) for column in table.values()), strict=True))
    return told.getvalue().encode()


def as_parquet(table: Table) -> bytes:
    """The same in columns, compressed; days are dates."""
    import pyarrow as pa  # noqa: PLC0415  as heavy as all of this package: only who exports waits for it
    import pyarrow.parquet as pq  # noqa: PLC0415  as above

    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({name: _arrow(column) for name, column in table.items()}), sink, compression="zstd")
    written: bytes = sink.getvalue().to_pybytes()
    return written


def _cells(column: object) -> list[str]:
    if not isinstance(column, np.ndarray):
        return [f"'{word}" if word.startswith(FORMULA) else word for word in map(str, _listed(column))]
    if column.dtype.kind == "M":
        return ["" if np.isnat(day) else str(day) for day in column]
    return ["" if value != value else repr(value) for value in column.tolist()]  # noqa: PLR0124  NaN differs from itself


def _arrow(column: object) -> object:
    from adapters.arrow_columns import column_of, texts  # noqa: PLC0415  as above

    return column_of(column) if isinstance(column, np.ndarray) else texts(_listed(column))


def _listed(column: object) -> list[str]:
    return list(column) if isinstance(column, (list, tuple)) else []
