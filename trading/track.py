"""The track of a run: what its metrics are measured on, and the round trips of its fills. Floats, never money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
Indexes = NDArray[np.int64]
Days = NDArray[np.datetime64]


class FillColumns(Protocol):
    """F fills in the order in which they happened, a column each; `shares` signed, bought positive."""

    @property
    def day(self) -> Indexes:
        """Index into the track's days."""

    @property
    def symbol(self) -> Indexes:
        """Any number that tells symbols apart."""

    @property
    def shares(self) -> Column:
        """Signed."""

    @property
    def price(self) -> Column:
        """Dollars a share."""

    @property
    def commission(self) -> Column:
        """Dollars of the fill."""


class Split(NamedTuple):
    """Before the open of a day each share of a symbol became `ratio` shares."""

    day: int
    symbol: int
    ratio: float


@dataclass(frozen=True, slots=True, eq=False)
class Trips:
    """K round trips from flat to flat, in the order in which they began.

    `opened` and `closed` are indexes into the days, `closed` -1 where it is open; `direction` 1 long, -1 short;
    `invested` dollars put into it at its entries, unsigned, without commission; `pnl` net dollars, of an open one at
    the last mark, NaN without marks; dividends are none of it.
    """

    symbol: Indexes
    opened: Indexes
    closed: Indexes
    direction: Indexes
    invested: Column
    pnl: Column

    def __len__(self) -> int:
        """How many there are."""
        return len(self.symbol)


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """D sessions. What is not known is None, and so is then what is measured on it.

    `days` datetime64[D] rising; `equity` [D] dollars at each close; `start` dollars put in before the first, else its
    equity. `gross` [D] value of what is held, unsigned; `traded`, `commission` and `slippage` dollars over all;
    `benchmark` [D] dollars of what it is compared to, NaN where there is none.
    """

    days: Days
    equity: Column
    start: float | None = None
    gross: Column | None = None
    trips: Trips | None = None
    traded: float | None = None
    commission: float | None = None
    slippage: float | None = None
    benchmark: Column | None = None


def round_trips(fills: FillColumns, splits: Sequence[Split] = (), marks: Column | None = None) -> Trips:
    """The round trips of fills; `marks` [N] are the last closes by symbol. A fill through flat ends one, opens one."""
    raise NotImplementedError
