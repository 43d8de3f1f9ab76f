"""Axes: where a value lies, and which round numbers and dates are written beside it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import ceil, floor, log10
from typing import NamedTuple

import numpy as np

from backtest.data.panel import Column, Days

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_MARGIN = 0.04
"""The part of the span that is left free above and below, so that no line touches a frame."""
_LEAST_DECADES, _MOST_DECADES = 1.0, 6.0
"""Of less a linear scale shows as much; of more nothing is seen but the fall to nothing."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MOST_YEARS, _MOST_MONTHS, _MOST_DAYS = 8, 6, 4


class Axis(NamedTuple):
    """From `low` to `high`, which differ; logarithmic if `log`, and then both are above nothing."""

    low: float
    high: float
    log: bool = False

    def place(self, values: Column) -> Column:
        """Where values lie, 0 at the low end and 1 at the high one; NaN for what a logarithm does not have."""
        if not self.log:
            return (values - self.low) / (self.high - self.low)
        logs = np.log(values, out=np.full(values.shape, np.nan), where=values > 0)
        return np.asarray((logs - np.log(self.low)) / (np.log(self.high) - np.log(self.low)))

    def ticks(self, most: int = 6, least: float = 0.0) -> tuple[list[float], float]:
        """Round values within, and the smallest step between them, which is `least` or more."""
        if self.log and (ticks := self._log_ticks(most)):
            return ticks, min(b - a for a, b in pairwise(ticks))
        step = _step(max((self.high - self.low) / most, least))
        return [at * step for at in range(ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9) + 1)], step

    def _log_ticks(self, most: int) -> list[float]:
        powers = range(floor(log10(self.low)), ceil(log10(self.high)) + 1)
        every = ceil(len(powers) / most)
        for digits in ((1, 2, 5), (1, 3), (1,)):
            ticks = [digit * 10.0**power for power in powers[::every] for digit in digits]
            ticks = [tick for tick in ticks if self.low <= tick <= self.high]
            if len(ticks) <= most + 2:
                break
        return ticks if len(ticks) > 2 else []  # noqa: PLR2004  two ticks do not show that a scale is no linear one


def axis_of(columns: Sequence[Column], *, log: bool = False, floor_at: float | None = None) -> Axis:
    """An axis that holds all that is finite; `log` where asked, where all is positive and some decades are passed."""
    known = np.concatenate([column[np.isfinite(column)] for column in columns] or [np.zeros(0)])
    if not len(known):
        return Axis(0.0, 1.0)
    low, high = float(known.min()), float(known.max())
    if log and low > 0 and _LEAST_DECADES <= log10(high) - log10(low) <= _MOST_DECADES:
        room = (high / low) ** _MARGIN
        return Axis(low / room, high * room, log=True)
    low = low if floor_at is None else min(low, floor_at)
    high = high if floor_at is None else max(high, floor_at)
    if high == low:
        low, high = low - max(abs(low) * _MARGIN, 1e-3), high + max(abs(high) * _MARGIN, 1e-3)
    room = (high - low) * _MARGIN
    return Axis(low if low == floor_at else low - room, high if high == floor_at else high + room)


def date_ticks(days: Days) -> list[tuple[int, str]]:
    """Sessions to mark under a picture, and what stands there: years, months or days, a few whatever the span."""
    years = days.astype("datetime64[Y]").astype(int) + 1970
    starts = _changes(years)
    if len(starts) > 3:  # noqa: PLR2004  of fewer years the months say more
        every = next(step for step in (1, 2, 5, 10, 20, 50, 100, 1000) if len(starts) / step <= _MOST_YEARS)
        return [(at, str(years[at])) for at in starts if at and years[at] % every == 0]
    months = days.astype("datetime64[M]").astype(int)
    starts = _changes(months)
    if len(starts) > 2:  # noqa: PLR2004  likewise
        every = next(step for step in (1, 2, 3, 6, 12, 24) if len(starts) / step <= _MOST_MONTHS)
        marked = [at for at in starts if at and months[at] % every == 0]
        return [(at, f"{_MONTHS[months[at] % 12]} {1970 + months[at] // 12}") for at in marked]
    places = np.unique(np.linspace(0, len(days) - 1, min(len(days), _MOST_DAYS)).astype(int))
    return [(int(at), str(days[at])) for at in places]


def _step(least: float) -> float:
    power = 10.0 ** floor(log10(least))
    return next(step * power for step in _STEPS if step * power >= least * (1 - 1e-9))


def _changes(period: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[int]:
    return [0, *(int(at) + 1 for at in np.flatnonzero(np.diff(period)))]
