"""Files of daily bars in Parquet or CSV, as the file market and the backtests read them.

A file holds many symbols (columns symbol, date, open, high, low, close, volume) or one, named by the file (`AAPL.csv`,
no column symbol). Capitals in column names do not matter and further columns are left alone. Dates are those of the
exchange's sessions: dates, texts such as 2017-11-10, whole numbers such as 20171110, or moments. Moments that are all
midnights mean the date that they show; others are read in the exchange's zone.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from pydantic import TypeAdapter, ValidationError

from adapters import sectors
from adapters.arrow_columns import NAN, texts
from trading.errors import BadConfiguration, BadMarketData
from trading.instruments import Symbol

PRICES_AND_VOLUME = ("open", "high", "low", "close", "volume")
NEEDED = ("date", *PRICES_AND_VOLUME)
SUFFIXES = (".parquet", ".csv")
ACTIONS = "actions.csv"
"""Beside the bars: splits and dividends that their prices are not adjusted for."""
MEND = f"set MARKET_DATA_DIR to a folder of Parquet or CSV files with columns symbol, {', '.join(NEEDED)}"
EXCHANGE_ZONE = "America/New_York"
_TICKER = TypeAdapter(Symbol)


class _Asked(NamedTuple):
    """Columns of the file, and of which symbols; None of all."""

    columns: Sequence[str]
    symbols: pa.Array | None


def bar_files(folder: Path) -> list[Path]:
    """The files of a folder that may hold bars, by name. Raises BadConfiguration for a folder that is none."""
    try:
        return sorted(path for path in folder.iterdir() if may_hold_bars(path))
    except OSError as wrong:
        raise BadConfiguration(f"no folder of daily bars at {folder} ({wrong.strerror}): {MEND}") from wrong


def may_hold_bars(path: Path) -> bool:
    """Whether it is a Parquet or CSV file, and none of those that say something else about the symbols."""
    other = path.name.startswith(".") or path.name.lower() in {sectors.FILE_NAME, ACTIONS}
    return path.suffix.lower() in SUFFIXES and not other and path.is_file()


def is_ticker(symbol: object) -> bool:
    """Whether it is written as a symbol is."""
    try:
        _TICKER.validate_python(symbol, strict=True)
    except ValidationError:
        return False
    return True


def read_daily(path: Path, columns: Sequence[str], symbols: Iterable[str] | None = None) -> pa.Table:
    """Columns of a file in small letters, a type each: symbol text, date date32, others float64 (null becomes NaN).

    Opened once, and of a file that another symbol names no row is read. Raises BadMarketData with the file's name.
    """
    asked = _Asked(columns, None if symbols is None else texts(tuple(symbols)))
    try:
        table = _read_parquet(path, asked) if path.suffix.lower() == ".parquet" else _read_csv(path, asked)
        typed = {"symbol": _symbols(table, path), "date": _dates(table["date"])}
        typed |= {name: table[name].cast(pa.float64()).fill_null(NAN) for name in columns if name != "date"}
        table = pa.table(typed)
    except (pa.ArrowException, OSError, UnicodeDecodeError, csv.Error) as wrong:
        reason = " ".join(str(wrong).split())
        # Without its cause: a cycle reports the innermost error of a chain, and that one does not know the file.
        raise BadMarketData(f"{path}: cannot be read as daily bars: {reason}") from None
    if table["date"].null_count:
        raise BadMarketData(f"{path}: {table['date'].null_count} rows have no date")
    return table if asked.symbols is None else table.filter(pc.is_in(table["symbol"], asked.symbols))


def _read_parquet(path: Path, asked: _Asked) -> pa.Table:
    with pq.ParquetFile(path) as file:
        names = _names(path, file.schema_arrow.names)
        chosen = [names[name] for name in ("symbol", *asked.columns) if name in names]
        if _names_another(path, names, asked):
            return file.schema_arrow.empty_table().select(chosen).rename_columns([name.lower() for name in chosen])
        groups = _groups(file, names.get("symbol"), asked.symbols)
        # By this thread alone: each further one keeps 8 MB, and a file is read in hundredths of a second.
        table = file.read_row_groups(groups, columns=chosen, use_threads=False)
        return table.select(chosen).rename_columns([name.lower() for name in chosen])


def _groups(file: pq.ParquetFile, symbol: str | None, wanted: pa.Array | None) -> list[int]:
    """The row groups that may hold one of the symbols, by what the file says of each."""
    every = list(range(file.num_row_groups))
    if symbol is None or wanted is None:
        return every
    place, names = file.schema.names.index(symbol), wanted.to_pylist()

    def may_hold(group: int) -> bool:
        said = file.metadata.row_group(group).column(place).statistics
        return said is None or not said.has_min_max or any(said.min <= name <= said.max for name in names)

    return [group for group in every if may_hold(group)]


def _read_csv(path: Path, asked: _Asked) -> pa.Table:
    with path.open("rb") as lines:
        header = lines.readline().decode("utf-8-sig")
        names = _names(path, next(csv.reader([header]), []))
        chosen = [names[name] for name in ("symbol", *asked.columns) if name in names]
        # Text, or the tickers NA and TRUE would be read as nothing and as a truth.
        types = {names["symbol"]: pa.string()} if "symbol" in names else {}
        types |= {names[name]: pa.float64() for name in PRICES_AND_VOLUME}
        if _names_another(path, names, asked):
            return pa.table({name.lower(): pa.array([], types.get(name, pa.date32())) for name in chosen})
        lines.seek(0)
        table = pacsv.read_csv(lines, convert_options=pacsv.ConvertOptions(include_columns=chosen, column_types=types))
    return table.rename_columns([name.lower() for name in chosen])


def _names(path: Path, found: Sequence[str]) -> dict[str, str]:
    """The file's own spelling of each column, by small letters."""
    names = {name.lower(): name for name in found}
    twice = [name for name in ("symbol", *NEEDED) if sum(one.lower() == name for one in found) > 1]
    if twice:
        raise BadMarketData(f"{path}: has two columns {', '.join(twice)}, and nobody knows which is meant: rename one")
    lacking = [name for name in NEEDED if name not in names]
    if lacking:
        raise BadMarketData(f"{path}: is not a file of daily bars, it has no column {', '.join(lacking)}")
    return names


def _names_another(path: Path, names: dict[str, str], asked: _Asked) -> bool:
    """Whether the file is of one symbol, and that one was not asked for."""
    return "symbol" not in names and asked.symbols is not None and path.stem.upper() not in asked.symbols.to_pylist()


def _symbols(table: pa.Table, path: Path) -> pa.ChunkedArray | pa.Array:
    if "symbol" in table.column_names:
        return table["symbol"].cast(pa.string())
    return texts([path.stem.upper()] * len(table))


def _dates(said: pa.ChunkedArray) -> pa.ChunkedArray:
    """Days of sessions, whatever they are written as."""
    kind = said.type
    if pa.types.is_integer(kind):
        said = pc.strptime(said.cast(pa.string()), format="%Y%m%d", unit="s")
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        try:
            return said.cast(pa.date32())
        except pa.ArrowInvalid:
            said = said.cast(pa.timestamp("us"))
    if not pa.types.is_timestamp(said.type):
        return said.cast(pa.date32())
    shown = said if said.type.tz is None else pc.local_timestamp(said)
    if said.type.tz is not None and not _are_midnights(shown):
        shown = pc.local_timestamp(said.cast(pa.timestamp(said.type.unit, EXCHANGE_ZONE)))
    return shown.cast(pa.date32())


def _are_midnights(moments: pa.ChunkedArray) -> bool:
    return bool(pc.all(pc.equal(pc.floor_temporal(moments, unit="day"), moments)).as_py() in {True, None})
