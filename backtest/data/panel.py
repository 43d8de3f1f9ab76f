"""Daily bars of many symbols side by side: what every backtest runs over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trading.corporate_actions import CorporateAction
from trading.money import Record

Column = NDArray[np.float64]
Days = NDArray[np.datetime64]


class Caution(Record):
    """What a reader of the result must know of the data: a short code, the symbol if it is of one, a sentence."""

    code: str
    symbol: str | None = None
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """T sessions of N symbols.

    `days` datetime64[D] [T], rising; `symbols` N names, sorted; `open`, `high`, `low`, `close` float64 [T, N] dollars a
    share, NaN where a symbol has no bar that day; `volume` float64 [T, N] shares, 0 there. `sectors` N names.
    `actions` are splits and dividends that its prices are not adjusted for, oldest first. `data_hash` is SHA-256 over
    all of it. C-contiguous, read-only.
    """

    days: Days
    symbols: tuple[str, ...]
    open: Column
    high: Column
    low: Column
    close: Column
    volume: Column
    sectors: tuple[str, ...]
    data_hash: str
    cautions: tuple[Caution, ...] = ()
    actions: tuple[CorporateAction, ...] = ()

    @property
    def present(self) -> NDArray[np.bool_]:
        """Where there is a bar, [T, N]."""
        return np.isfinite(self.close)
