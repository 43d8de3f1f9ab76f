"""The track of a run: what its metrics are measured on. Floats, never money."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

OPEN = -1
"""The day on which a trip closed that is still open."""

Column = NDArray[np.float64]
Indexes = NDArray[np.int64]
Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True, eq=False)
class Trips:
    """K round trips from flat to flat.

    `opened` and `closed` int64 [K] are indexes into the days, `closed` is `OPEN` of what is still held; `pnl` float64
    [K] net dollars, of an open one up to its last mark.
    """

    opened: Indexes
    closed: Indexes
    pnl: Column

    def __len__(self) -> int:
        """How many there are."""
        return len(self.pnl)


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

    def __post_init__(self) -> None:
        """Refuse what no metric could be measured on."""
        if not len(self.equity) or len(self.days) != len(self.equity):
            raise ValueError(f"{len(self.equity)} equities of {len(self.days)} days")
        if not np.all(np.isfinite(self.equity)) or not np.all(self.days[1:] > self.days[:-1]):
            raise ValueError("equity must be finite, and days rising")
        if not self.put_in > 0:
            raise ValueError(f"a run starts with money, not with {self.put_in} dollars")

    @property
    def put_in(self) -> float:
        """Dollars before the first close."""
        return float(self.equity[0]) if self.start is None else self.start
