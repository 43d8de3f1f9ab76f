"""Which of two simple averages is higher, told exactly.

Prices are decimals as they were published. A float that was added up drifts from them, and two averages that are equal
then look as if they had crossed. Here sums are of whole numbers: of prices times a power of ten, or where a price has
too many digits for that, of its shortest decimal form as a fraction.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
Signs = NDArray[np.int8]
Whole = NDArray[np.int64]

MOST_DECIMALS = 9
"""More than any price was published with; a price that needs more was computed."""
_EXACT_FLOAT, _EXACT_INTEGER = 2**53, 2**62
_CLOSE = 1e-9
"""Relative difference of two float sums below which they are summed exactly; rounding brings them apart by far less."""


def decimals(close: Column) -> int | None:
    """How many decimals all these prices have at most; None beyond what whole numbers of 64 bits can hold."""
    highest = float(np.abs(close).max(initial=0.0))
    for places in range(MOST_DECIMALS + 1):
        scale = 10**places
        if highest * scale >= _EXACT_FLOAT:
            return None
        if bool((np.rint(close * scale) / scale == close).all()):
            return places
    return None


def running(close: Column, widest: int) -> Whole | None:
    """Sums [n + 1] of the prices before each bar, in the least unit that all are whole in; None where they do not fit.

    `widest` is the most sessions that a difference of two of them will be multiplied with.
    """
    places = decimals(close)
    if places is None:
        return None
    highest = float(np.abs(close).max(initial=0.0)) * 10**places
    if highest * max(len(close), widest) * widest >= _EXACT_INTEGER:
        return None
    return np.concatenate([[0], np.cumsum(np.rint(close * 10**places).astype(np.int64))])


def leads(close: Column, fast: int, slow: int) -> Signs:
    """Sign of the fast average less the slow one at each of n closes, 0 where they are equal or bars are too few."""
    signs = np.zeros(len(close), np.int8)
    if len(close) < slow:
        return signs
    sums = running(close, slow)
    signs[slow - 1 :] = _approached(close, fast, slow) if sums is None else np.sign(_apart(sums, fast, slow))
    return signs


def crossings(close: Column, fast: int, slow: int) -> Signs:
    """1 where the fast average rises above the slow one, having been below or equal; -1 where it falls below; else 0.

    The first that counts is at the bar of index `slow`: before it there was nothing to cross from.
    """
    found = np.zeros(len(close), np.int8)
    signs = leads(close, fast, slow)[slow - 1 :]
    before, now = signs[:-1], signs[1:]
    found[slow:] = ((now > 0) & (before <= 0)).astype(np.int8) - ((now < 0) & (before >= 0)).astype(np.int8)
    return found


def gaps(close: Column, fast: int, slow: int) -> Column:
    """The fast average over the slow one less one at each close, NaN while bars are too few; in floats.

    Each window is summed anew, as a rule sums it that sees one day.
    """
    found = np.full(len(close), np.nan)
    if len(close) >= slow:
        windows = np.lib.stride_tricks.sliding_window_view(close, slow)
        found[slow - 1 :] = windows[:, -fast:].mean(axis=1) / windows.mean(axis=1) - 1
    return found


def _apart(sums: Whole, fast: int, slow: int) -> Whole:
    """The fast average less the slow one, times both lengths, from bar `slow` - 1 on."""
    ends = sums[slow:]
    quick, steady = ends - sums[slow - fast : len(sums) - fast], ends - sums[: len(sums) - slow]
    return quick * slow - steady * fast


def _approached(close: Column, fast: int, slow: int) -> Signs:
    """The signs from float sums, and from fractions where those are too near to each other to tell."""
    windows = np.lib.stride_tricks.sliding_window_view(close, slow)
    quick, steady = windows[:, slow - fast :].sum(axis=1) * slow, windows.sum(axis=1) * fast
    signs: Signs = np.sign(quick - steady).astype(np.int8)
    for row in np.flatnonzero(np.abs(quick - steady) <= _CLOSE * np.abs(steady)):
        exact = [Fraction(repr(price)) for price in windows[row].tolist()]
        apart = sum(exact[slow - fast :]) * slow - sum(exact) * fast
        signs[row] = (apart > 0) - (apart < 0)
    return signs
