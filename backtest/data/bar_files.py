"""Rows of bars from a folder or one file, each file opened once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from adapters.arrow_columns import texts
from adapters.daily_files import MEND, NEEDED, SUFFIXES, bar_files, is_ticker, read_daily
from backtest.data.bar_rows import BarRows
from backtest.data.panel import Caution
from trading.errors import BadConfiguration, BadMarketData

_AT_ONCE = 4
"""Files that are read at once: reading waits for the disk and leaves the interpreter to others."""


def read_rows(source: Path, symbols: Sequence[str] | None) -> tuple[BarRows, tuple[Caution, ...]]:
    """The bars of these symbols, None of all, as they lie in the files.

    A symbol in several files is taken whole from the one with most bars, of equals from the first by name. Raises
    BadConfiguration where there are no bars at all, BadMarketData for a file that cannot be read.
    """
    tables = _read(_paths(source), symbols)
    best = _best(tables)
    ignored = tuple(name for name in best if not is_ticker(name)) if symbols is None else ()
    table = pa.concat_tables(_chosen(tables, {name: at for name, at in best.items() if name not in ignored}))
    if ignored and not table.num_rows:
        raise BadMarketData(
            f"{source}: {_told(ignored)[0].reason}, and there are no others (one looks like AAPL or BRK.B)"
        )
    if symbols is None and not table.num_rows:
        raise BadConfiguration(f"no daily bars in {source}: {MEND}")
    return BarRows.of_table(table), _told(ignored)


def names_in(source: Path) -> tuple[str, ...]:
    """Every symbol that there is, sorted."""
    tables = [read_daily(path, ("date",)) for path in _paths(source)]
    return tuple(sorted(name for name in _best(tables) if is_ticker(name)))


def _paths(source: Path) -> list[Path]:
    if source.is_dir():
        paths = bar_files(source)
        if not paths:
            raise BadConfiguration(f"no daily bars in {source}: {MEND}")
        return paths
    if not source.exists():
        raise BadConfiguration(f"there is no {source}: name a folder, or a file, of daily bars in Parquet or CSV")
    if source.suffix.lower() not in SUFFIXES:
        raise BadConfiguration(f"{source}: is neither {' nor '.join(SUFFIXES)}")
    return [source]


def _read(paths: Sequence[Path], symbols: Sequence[str] | None) -> list[pa.Table]:
    if len(paths) == 1:  # a thread has memory of its own, 15 MB that the process keeps
        return [read_daily(paths[0], NEEDED, symbols)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda path: read_daily(path, NEEDED, symbols), paths))


def _best(tables: Sequence[pa.Table]) -> Mapping[str, int]:
    """The table that each symbol is taken from."""
    best: dict[str, tuple[int, int]] = {}
    for at, table in enumerate(tables):
        for found in pc.value_counts(table["symbol"]).to_pylist():
            name, count = str(found["values"]), found["counts"]
            if name not in best or count > best[name][0]:
                best[name] = (count, at)
    return {name: at for name, (_, at) in best.items()}


def _chosen(tables: Sequence[pa.Table], best: Mapping[str, int]) -> list[pa.Table]:
    """Of each table what is taken from it."""
    taken: dict[int, list[str]] = {}
    for name, at in best.items():
        taken.setdefault(at, []).append(name)
    chosen = [tables[0].slice(0, 0)]
    for at, names in taken.items():
        wanted = pc.is_in(tables[at]["symbol"], texts(names))
        chosen.append(tables[at] if pc.all(wanted).as_py() else tables[at].filter(wanted))
    return chosen


def _told(ignored: Sequence[str]) -> tuple[Caution, ...]:
    if not ignored:
        return ()
    first = ", ".join(ignored[:5]) + (" …" if len(ignored) > 5 else "")  # noqa: PLR2004  a few are enough
    return (
        Caution(code="no_ticker", reason=f"{len(ignored)} names in the data are no ticker and were left out: {first}"),
    )
