"""Trades out of fills: round trips from flat to flat, at average prices, as `trading/trades.py` tells them of the desk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from backtest.panel import Column
from backtest.result import Result
from trading.backtest_plan import FillAt

Index = NDArray[np.int64]

NOTHING = 1e-9
"""The part of a share that floats leave of none."""
OPEN = -1
"""The day on which an open trade was left."""


@dataclass(frozen=True, slots=True, eq=False)
class Trades:
    """K round trips in the order of their first day, a column each.

    `symbol` indexes the result's symbols, `entered` and `left` its days (`left` is `OPEN` of what is still held).
    `shares` are all that were entered, short negative, `price` and `exit_price` dollars a share: averages over the whole
    trade; what is open is marked at the last close. `realised` is what was closed against the average entry, less all
    commission; `pnl` has what is still open too. `returned` is `pnl` over the dollars of the entries, `sessions` how
    many lie between entry and exit. `worst` and `best` are how far the price went against the trade and with it, as
    fractions of the entry, from the first session held to the last before the exit, the exit's own price included; NaN
    of a trade that saw a split. `leg` is that of the fill that closed last, nothing while open.
    """

    symbol: Index
    entered: Index
    left: Index
    shares: Column
    price: Column
    exit_price: Column
    realised: Column
    pnl: Column
    commission: Column
    returned: Column
    sessions: Index
    worst: Column
    best: Column
    leg: tuple[str, ...]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.symbol)

    @property
    def closed(self) -> NDArray[np.bool_]:
        """Which of them have ended, [K]."""
        return self.left != OPEN


def trades_of(result: Result) -> Trades:
    """Every trade that a result's fills make; a fill through nothing closes one and opens the next."""
    raise NotImplementedError
