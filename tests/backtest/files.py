"""Files of made-up bars for tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

FIRST = date(2016, 1, 4)


class Row(NamedTuple):
    """One bar as a file has it."""

    symbol: str
    date: Any
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    volume: float | None = 1000.0


def sessions(count: int, first: date = FIRST) -> list[date]:
    """So many weekdays in a row."""
    days = (first + timedelta(days=n) for n in range(2 * count + 7))
    return [day for day in days if day.weekday() < 5][:count]


def bar(symbol: str, day: date, price: float = 100.0, **changed: Any) -> Row:
    """A quiet day at a price."""
    return Row(symbol, day, price, price + 1, price - 1, price + 0.5)._replace(**changed)


def walk(symbol: str, count: int, price: float = 100.0) -> list[Row]:
    """A quiet rise."""
    return [bar(symbol, day, price + n * 0.25) for n, day in enumerate(sessions(count))]


def write(path: Path, rows: Sequence[Row]) -> Path:
    """A Parquet or CSV file of them."""
    table = pa.table({name: [getattr(row, name) for row in rows] for name in Row._fields})
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        pacsv.write_csv(table, path)
    else:
        pq.write_table(table, path)
    return path
