"""Daily bars in columns: what indicators and backtests compute on."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LEAST_PRICE, MOST_PRICE = 1e-6, 1e7
"""Dollars a share that a `Price` can hold; beyond them ratios overflow and nothing trades."""
MOST_VOLUME = 1e15
"""Shares a session; a thousand times the busiest day of any exchange."""


class Defect(NamedTuple):
    """What makes bars untradable: a short code and a sentence."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Bars:
    """One symbol's bars, oldest first; all columns have length n.

    `session_on` datetime64[D]; `open`, `high`, `low`, `close` float64 dollars a share; `volume` float64 shares.
    Raises ValueError when a column is longer than another. What the numbers say is judged by `defect`.
    """

    session_on: NDArray[np.datetime64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]

    def __post_init__(self) -> None:
        shapes = {getattr(self, field.name).shape for field in fields(self)}
        if shapes != {(len(self.session_on),)}:
            raise ValueError(f"columns of bars must be of one length, not {sorted(shapes)}")

    def __len__(self) -> int:
        """The number of sessions."""
        return len(self.session_on)

    def until(self, day: date) -> Bars:
        """The bars of sessions up to and including a day; nothing later is visible."""
        end = int(np.searchsorted(self.session_on, np.datetime64(day, "D"), side="right"))
        return self.between(0, end)

    def between(self, start: int, end: int) -> Bars:
        """A slice by position, without copying."""
        return Bars(
            self.session_on[start:end],
            self.open[start:end],
            self.high[start:end],
            self.low[start:end],
            self.close[start:end],
            self.volume[start:end],
        )

    def last(self, sessions: int) -> Bars:
        """The newest so many bars, or all when there are fewer."""
        return self.between(max(len(self) - sessions, 0), len(self))

    @property
    def last_session_on(self) -> date:
        """The day of the newest bar."""
        day: date = self.session_on[-1].astype(date)
        return day

    def defect(self) -> Defect | None:
        """What makes these bars untradable (NaN, a price that is not positive, days out of order), None when sound."""
        prices = np.stack([self.open, self.high, self.low, self.close])
        if not np.isfinite(prices).all() or not np.isfinite(self.volume).all():
            return Defect("not_finite", "a price or volume of a bar is not a finite number")
        if (prices <= 0).any() or (self.volume < 0).any():
            return Defect("not_positive", "a price of a bar is not positive, or a volume is negative")
        if (prices < LEAST_PRICE).any() or (prices > MOST_PRICE).any() or (self.volume > MOST_VOLUME).any():
            return Defect("absurd", "a price or volume of a bar is beyond what any share has")
        if np.isnat(self.session_on).any() or (np.diff(self.session_on).astype(int) <= 0).any():
            return Defect("disordered", "days of bars are repeated or out of order")
        if (self.high < prices.max(axis=0)).any() or (self.low > prices.min(axis=0)).any():
            return Defect("disordered", "an open or close lies outside its bar's low and high")
        return None
