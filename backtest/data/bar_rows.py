"""Bars as they came, a row each in any order, before anyone has judged them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from adapters.arrow_columns import numbers_of
from adapters.daily_files import PRICES_AND_VOLUME
from trading.bars import Bars

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class BarRows:
    """R bars of N symbols.

    `names` sorted; `symbol` int64 [R] index into them; `day` int64 [R] days since 1970-01-01; `values` float64 [5, R]:
    open, high, low, close in dollars a share, volume in shares.
    """

    names: tuple[str, ...]
    symbol: NDArray[np.int64]
    day: NDArray[np.int64]
    values: NDArray[np.float64]

    @classmethod
    def of_table(cls, table: pa.Table) -> Self:
        """The rows of a table as `read_daily` gives it."""
        coded = table["symbol"].combine_chunks().dictionary_encode()
        coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
        found = np.asarray(coded.dictionary.to_pylist(), dtype=object)
        order = np.argsort(found)
        place = np.empty(len(found), np.int64)
        place[order] = np.arange(len(found))
        values = np.stack([numbers_of(table[name]) for name in PRICES_AND_VOLUME])
        days = numbers_of(table["date"]).astype(np.int64)
        return cls(tuple(found[order]), place[numbers_of(coded.indices)], days, values)

    @classmethod
    def of_bars(cls, histories: Mapping[str, Bars]) -> Self:
        """The rows of histories by symbol."""
        names = tuple(sorted(histories))
        every = [histories[name] for name in names]
        lengths = [len(bars) for bars in every]
        columns = [[getattr(bars, name) for bars in every] for name in PRICES_AND_VOLUME]
        days = [bars.session_on.astype("datetime64[D]").astype(np.int64) for bars in every]
        return cls(
            names,
            np.repeat(np.arange(len(names), dtype=np.int64), lengths),
            np.concatenate(days) if days else np.empty(0, np.int64),
            np.stack([np.concatenate(column) if column else np.empty(0) for column in columns]),
        )

    def __len__(self) -> int:
        """How many bars."""
        return len(self.day)

    def where(self, kept: Mask | NDArray[np.int64]) -> Self:
        """Some of the rows, of the same names; nothing is copied where it is all of them."""
        if kept.dtype == np.bool_ and kept.all():
            return self
        return type(self)(self.names, self.symbol[kept], self.day[kept], self.values[:, kept])

    def indices(self, symbols: Sequence[str]) -> Mask:
        """Which rows are of one of these symbols."""
        wanted = np.isin(np.asarray(self.names, dtype=object), symbols)
        found: Mask = wanted[self.symbol]
        return found

    def day_at(self, row: int) -> np.datetime64:
        """The day of a row."""
        return np.datetime64(int(self.day[row]), "D")
