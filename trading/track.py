"""The track of a run: what its metrics are measured on, and the round trips of its fills. Floats, never money."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

OPEN = -1
"""The day on which a trip closed that is still open."""
_NOTHING = 1e-9
"""What floats leave of no shares."""

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


@dataclass(slots=True)
class _Trip:
    """A round trip under way."""

    symbol: int
    opened: int
    direction: int
    shares: float = 0.0
    closed: int = OPEN
    invested: float = 0.0
    cash: float = 0.0


def round_trips(fills: FillColumns, splits: Sequence[Split] = (), marks: Column | None = None) -> Trips:
    """The round trips of fills; `marks` [N] are the last closes by symbol. A fill through flat ends one, opens one."""
    trips: list[_Trip] = []
    running: dict[int, _Trip] = {}
    waiting = deque(sorted(splits))
    columns = (fills.day, fills.symbol, fills.shares, fills.price, fills.commission)
    for day, symbol, shares, price, commission in zip(*(column.tolist() for column in columns), strict=True):
        while waiting and waiting[0].day <= day:
            _divide(running, waiting.popleft())
        for part in _parts(running, symbol, shares):
            _book(trips, running, (day, symbol, part, price, commission * part / shares))
    for split in waiting:
        _divide(running, split)
    return _columns(trips, marks)


def _parts(running: dict[int, _Trip], symbol: int, shares: float) -> list[float]:
    """What of a fill ends a trip, and what opens one."""
    held = running[symbol].shares if symbol in running else 0.0
    if held * shares >= 0 or abs(shares) <= abs(held) + _NOTHING:
        return [shares] if shares else []
    return [-held, shares + held]


def _book(trips: list[_Trip], running: dict[int, _Trip], part: tuple[int, int, float, float, float]) -> None:
    day, symbol, shares, price, commission = part
    trip = running.get(symbol)
    if trip is None:
        trip = running[symbol] = _Trip(symbol, day, 1 if shares > 0 else -1)
        trips.append(trip)
    if shares * trip.direction > 0:
        trip.invested += abs(shares) * price
    trip.shares += shares
    trip.cash -= shares * price + commission
    if abs(trip.shares) <= _NOTHING:
        trip.closed = day
        del running[symbol]


def _divide(running: dict[int, _Trip], split: Split) -> None:
    if split.symbol in running:
        running[split.symbol].shares *= split.ratio


def _columns(trips: list[_Trip], marks: Column | None) -> Trips:
    def worth(trip: _Trip) -> float:
        return float(trip.shares * marks[trip.symbol]) if marks is not None else math.nan

    return Trips(
        symbol=np.array([trip.symbol for trip in trips], dtype=np.int64),
        opened=np.array([trip.opened for trip in trips], dtype=np.int64),
        closed=np.array([trip.closed for trip in trips], dtype=np.int64),
        direction=np.array([trip.direction for trip in trips], dtype=np.int64),
        invested=np.array([trip.invested for trip in trips], dtype=np.float64),
        pnl=np.array(
            [trip.cash if trip.closed != OPEN else trip.cash + worth(trip) for trip in trips], dtype=np.float64
        ),
    )
