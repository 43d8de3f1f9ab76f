"""The numbers that an agent may cite, computed from daily bars with TA-Lib.

Averages of the exponential and Wilder kind never forget: they start from a simple average at the first bar given, so
a longer history gives slightly other values. The same bars always give the same numbers; who compares two runs gives
both as many bars.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from trading.bars import Bars
from trading.errors import BadMarketData
from trading.market import Indicators

Column = NDArray[np.float64]

LEAST_BARS = 250
"""Bars that a row of indicators needs: about a year, which fills the 200-day averages and lets the slow one settle."""
SESSIONS_A_YEAR = 252
RSI_STILL = 50.0
"""RSI of a price that did not move: neither gains nor losses. TA-Lib says 0, which would read as a crash."""


def compute(bars: Bars) -> Indicators:
    """The indicators at the newest bar. Raises BadMarketData with fewer than `LEAST_BARS` bars."""
    return Indicators(**{name: float(column[-1]) for name, column in columns(bars).items()})


def columns(bars: Bars) -> dict[str, Column]:
    """Every field of `Indicators` for every bar, each of length n, NaN where the history before a bar is too short.

    A row sees its own bar and earlier ones only. The bars must be sound (`Bars.defect`). Raises BadMarketData as
    `compute` does.
    """
    if len(bars) < LEAST_BARS:
        raise BadMarketData(f"indicators need {LEAST_BARS} bars, there are {len(bars)}")
    return {
        **_averages(bars.close),
        **_momentum(bars),
        **_bands(bars.close),
        "volume_zscore_20": volume_zscore(bars.volume, 20),
        **{f"return_{days}d": _talib().ROCP(bars.close, days) for days in (1, 5, 20, 60)},
        "distance_from_52w_high": distance_from_high(bars, SESSIONS_A_YEAR),
        "realised_volatility_20": realised_volatility(bars.close, 20),
    }


def rsi(close: Column, sessions: int) -> Column:
    """Relative strength, 0 to 100, in Wilder's smoothing (*New Concepts in Technical Trading Systems*, 1978).

    50 where TA-Lib finds no gain and the price did not move in the last `sessions` changes.
    """
    strength: Column = _talib().RSI(close, sessions)
    still = _talib().MAX(close, sessions + 1) == _talib().MIN(close, sessions + 1)
    return np.where((strength == 0) & still, RSI_STILL, strength)


def volume_zscore(volume: Column, sessions: int) -> Column:
    """How unusual a volume is: less the mean of the last `sessions`, its own among them, over their deviation (ddof 0).

    0 when all are equal.
    """
    windows = sliding_window_view(volume, sessions)
    excess = volume[sessions - 1 :] - windows.mean(axis=1)
    # Compared by their extremes: the deviation of equal numbers can be a rounding error instead of 0.
    differs = windows.max(axis=1) > windows.min(axis=1)
    scores = np.divide(excess, windows.std(axis=1), out=np.zeros_like(excess), where=differs)
    return _padded(scores, len(volume))


def realised_volatility(close: Column, sessions: int) -> Column:
    """Standard deviation (ddof 1) of the last `sessions` daily log returns times √252: a fraction a year."""
    windows = sliding_window_view(np.diff(np.log(close)), sessions)
    return _padded(windows.std(axis=1, ddof=1) * np.sqrt(SESSIONS_A_YEAR), len(close))


def distance_from_high(bars: Bars, sessions: int) -> Column:
    """Close over the highest high of the last `sessions`, less one: 0 at the high, -0.2 a fifth below it.

    While fewer sessions are there, the highest of those.
    """
    highest = np.maximum.accumulate(bars.high)
    if len(bars) > sessions:
        highest[sessions - 1 :] = _talib().MAX(bars.high, sessions)[sessions - 1 :]
    return bars.close / highest - 1


def _talib() -> ModuleType:
    """TA-Lib, once somebody computes: it imports pandas, half a second and 60 MB that the others need not wait for."""
    import talib  # noqa: PLC0415

    found: ModuleType = talib
    return found


def _averages(close: Column) -> dict[str, Column]:
    """Simple averages, and exponential ones with weight 2/(n+1) that start from the simple one; dollars."""
    return {
        **{f"sma_{n}": _talib().SMA(close, n) for n in (20, 50, 200)},
        **{f"ema_{n}": _talib().EMA(close, n) for n in (20, 50, 200)},
    }


def _momentum(bars: Bars) -> dict[str, Column]:
    """RSI; MACD: EMA 12 less EMA 26, its EMA 9 and what is left, dollars; ATR in Wilder's smoothing, dollars."""
    macd, signal, histogram = _talib().MACD(bars.close, 12, 26, 9)
    return {
        "rsi_14": rsi(bars.close, 14),
        "macd": macd,
        "macd_signal": signal,
        "macd_histogram": histogram,
        "atr_14": _talib().ATR(bars.high, bars.low, bars.close, 14),
    }


def _bands(close: Column) -> dict[str, Column]:
    """Bollinger's bands: the 20-day average and two population deviations either side, dollars."""
    upper, middle, lower = _talib().BBANDS(close, 20, 2, 2)
    return {"bollinger_upper": upper, "bollinger_middle": middle, "bollinger_lower": lower}


def _padded(column: Column, length: int) -> Column:
    return np.concatenate([np.full(length - len(column), np.nan), column])
