"""From rows as they came to bars that can be traded on, in order, one a symbol and day.

| what is wrong with a bar                              | what becomes of it                    | caution         |
|-------------------------------------------------------|---------------------------------------|-----------------|
| a price is no number, or missing                      | left out                              | `not_finite`    |
| a price is zero or less                               | left out                              | `not_positive`  |
| a price is beyond what a share can cost               | left out                              | `absurd`        |
| high under low, open or close outside of both         | left out                              | `out_of_range`  |
| the same, by no more than a thousandth                | high and low widened                  | `widened`       |
| the volume is no number, less than zero, or absurd    | the volume counts as 0                | `no_volume`     |
| a symbol's days are not in order                      | sorted                                | `unsorted`      |
| the same bar twice                                    | once                                  | `duplicate`     |
| two bars of one day that differ                       | refused: nobody knows which it was    |                 |
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from adapters.daily_files import PRICES_AND_VOLUME
from backtest.data.bar_rows import BarRows, Mask
from backtest.data.cautions import counted, told
from backtest.data.panel import Caution
from trading.bars import LEAST_PRICE, MOST_PRICE, MOST_VOLUME
from trading.errors import BadMarketData

WIDENED_AT_MOST = 1e-3
"""The part of the close by which prices that were rounded one by one may pass each other."""
_NOISE = 1e-9
VOLUME = 4


def cleaned(rows: BarRows, source: str) -> tuple[BarRows, tuple[Caution, ...]]:
    """Sound bars by symbol and day, and what was done to get them. Raises BadMarketData for two bars of one day."""
    faults = faults_of(rows)
    cautions = [one for code, mask in faults.items() for one in _left_out(rows, code, mask)]
    rows = rows.where(~np.logical_or.reduce(list(faults.values())))
    values, widened, voiceless = _mended(rows.values)
    rows = BarRows(rows.names, rows.symbol, rows.day, values)
    cautions += _each(rows, "widened", widened, "had a high or low a little inside of open and close")
    cautions += _each(rows, "no_volume", voiceless, "had no volume that could be, which counts as 0")
    rows, jumbled = _in_order(rows)
    cautions += jumbled
    return _each_once(rows, source, cautions)


def faults_of(rows: BarRows) -> dict[str, Mask]:
    """Which rows cannot be traded on, by why; each under one code only."""
    prices = rows.values[:VOLUME]
    with np.errstate(invalid="ignore"):
        # A column of no number compares as false: it has a code by then.
        least, most = prices.min(axis=0), prices.max(axis=0)
        masks: dict[str, Mask] = {
            "not_finite": ~np.isfinite(least + most),
            "not_positive": least <= 0,
            "absurd": (least < LEAST_PRICE) | (most > MOST_PRICE),
            "out_of_range": _excess(prices) > WIDENED_AT_MOST,
        }
    seen = np.zeros(len(rows), np.bool_)
    for code, mask in masks.items():
        masks[code] = mask & ~seen
        seen |= mask
    return masks


def _excess(prices: NDArray[np.float64]) -> NDArray[np.float64]:
    """By which part of the close a bar's prices pass its high or low; infinite where the two are swapped."""
    opened, high, low, close = prices
    with np.errstate(invalid="ignore", divide="ignore"):
        beyond = np.maximum(np.maximum(opened, close) - high, low - np.minimum(opened, close))
        part: NDArray[np.float64] = np.where(low > high * (1 + _NOISE), np.inf, beyond / close)
    return part


def _mended(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], Mask, Mask]:
    """The values with ranges that hold open and close and volumes that can be; which were not so."""
    excess = _excess(values[:VOLUME])
    volume = values[VOLUME]
    voiceless = ~((volume >= 0) & (volume <= MOST_VOLUME))
    if not (excess > 0).any() and not voiceless.any():
        return values, excess > _NOISE, voiceless
    opened, high, low, close = values[:VOLUME]
    high, low = np.maximum.reduce([opened, high, close]), np.minimum.reduce([opened, low, close])
    return np.stack([opened, high, low, close, np.where(voiceless, 0.0, volume)]), excess > _NOISE, voiceless


def _in_order(rows: BarRows) -> tuple[BarRows, tuple[Caution, ...]]:
    """By symbol, then day, and a word for each symbol whose days went back and forth."""
    key = (rows.symbol << 32) + rows.day
    if (np.diff(key) >= 0).all():
        return rows, ()
    by_symbol = rows.where(np.argsort(rows.symbol, kind="stable"))
    back = np.flatnonzero((np.diff(by_symbol.day) < 0) & (np.diff(by_symbol.symbol) == 0)) + 1
    first = {int(by_symbol.symbol[row]): row for row in back[::-1]}
    cases = [
        (rows.names[symbol], f"has bars out of order, the first of {by_symbol.day_at(row)}; they were sorted")
        for symbol, row in sorted(first.items())
    ]
    return rows.where(np.argsort(key, kind="stable")), told("unsorted", cases)


def _each_once(rows: BarRows, source: str, cautions: list[Caution]) -> tuple[BarRows, tuple[Caution, ...]]:
    again = (np.diff(rows.symbol) == 0) & (np.diff(rows.day) == 0)
    if not again.any():
        return rows, tuple(cautions)
    differ = again & (np.diff(rows.values, axis=1) != 0).any(axis=0)
    if differ.any():
        raise BadMarketData(f"{source}: {_contradiction(rows, int(np.flatnonzero(differ)[0]))}")
    repeated = np.concatenate([[False], again])
    cautions += _each(rows, "duplicate", repeated, "is there more than once, which counts once")
    return rows.where(~repeated), tuple(cautions)


def _contradiction(rows: BarRows, row: int) -> str:
    column = int(np.flatnonzero(rows.values[:, row] != rows.values[:, row + 1])[0])
    one, other = (f"{rows.values[column, at]:.10g}" for at in (row, row + 1))
    name, day = rows.names[rows.symbol[row]], rows.day_at(row)
    return f"{name} has two different bars of {day}, {PRICES_AND_VOLUME[column]} {one} and {other}: remove one of them"


_WORDS = {
    "not_finite": "has a price that is missing or no number, and was left out",
    "not_positive": "has a price that is not above zero, and was left out",
    "absurd": f"has a price that is not between {LEAST_PRICE:f} and {MOST_PRICE:.0f} dollars, and was left out",
    "out_of_range": "has an open or close outside of its low and high, and was left out",
}


def _left_out(rows: BarRows, code: str, mask: Mask) -> tuple[Caution, ...]:
    return _each(rows, code, mask, _WORDS[code])


def _each(rows: BarRows, code: str, mask: Mask, words: str) -> tuple[Caution, ...]:
    """A caution for each symbol with such rows: how many, and the first day."""
    if not mask.any():
        return ()
    found = rows.where(mask)
    cases = []
    for symbol in np.unique(found.symbol):
        days = found.day[found.symbol == symbol]
        first = np.datetime64(int(days.min()), "D")
        cases.append((rows.names[symbol], f"{counted(len(days), 'bar')}, the first of {first}: {words}"))
    return told(code, cases)
