"""Indicators against formulas written a second time, plainly, one number after another."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from trading import indicators
from trading.bars import Bars
from trading.errors import BadMarketData

SHARED = Path(__file__).parents[3] / "shared" / "data" / "us_daily.parquet"
Floats = Sequence[float]


def bars_of(close: Floats, *, width: float = 0.0, volume: Floats | None = None) -> Bars:
    """Bars around closes: open at the close before, high and low `width` (a fraction) beyond."""
    closes = np.array(close, dtype=float)
    opens = np.concatenate([closes[:1], closes[:-1]])
    days = np.datetime64("2015-01-02") + np.arange(len(closes))
    volumes = np.array(volume if volume is not None else [1e6] * len(closes), dtype=float)
    high, low = np.maximum(opens, closes) * (1 + width), np.minimum(opens, closes) * (1 - width)
    return Bars(days, opens, high, low, closes, volumes)


def a_walk(sessions: int = 300) -> Bars:
    draw = random.Random(7)
    closes = [100.0]
    while len(closes) < sessions:
        # Every tenth day or so the price does not move: a tie is neither a gain nor a loss.
        closes.append(closes[-1] if draw.random() < 0.1 else round(closes[-1] * math.exp(draw.gauss(0, 0.02)), 2))
    return bars_of(closes, width=0.01, volume=[float(draw.randrange(10**5, 10**7)) for _ in closes])


def smoothed(values: Floats, sessions: int, weight: float) -> float:
    """The last of an average that starts from the mean of the first so many and then moves by a weight."""
    average = statistics.fmean(values[:sessions])
    for value in values[sessions:]:
        average += weight * (value - average)
    return average


def ema(values: Floats, sessions: int) -> float:
    return smoothed(values, sessions, 2 / (sessions + 1))


def plain_rsi(close: Floats) -> float:
    changes = [b - a for a, b in pairwise(close)]
    gain = smoothed([max(c, 0.0) for c in changes], 14, 1 / 14)
    loss = smoothed([max(-c, 0.0) for c in changes], 14, 1 / 14)
    return 100 * gain / (gain + loss)


def plain_macd(close: Floats) -> tuple[float, float]:
    # Both averages begin together, on the 26th close: the fast one from the mean of the 12 closes up to it.
    line = [ema(close[14:end], 12) - ema(close[:end], 26) for end in range(26, len(close) + 1)]
    return line[-1], ema(line, 9)


def plain_atr(bars: Bars) -> float:
    ranges = [max(bars.high[i], bars.close[i - 1]) - min(bars.low[i], bars.close[i - 1]) for i in range(1, len(bars))]
    return smoothed([float(r) for r in ranges], 14, 1 / 14)


def plainly(bars: Bars) -> dict[str, float]:
    close, volume = bars.close.tolist(), bars.volume.tolist()
    mean, deviation = statistics.fmean(close[-20:]), statistics.pstdev(close[-20:])
    macd, signal = plain_macd(close)
    returns = [math.log(b / a) for a, b in pairwise(close[-21:])]
    return {
        **{f"sma_{n}": statistics.fmean(close[-n:]) for n in (20, 50, 200)},
        **{f"ema_{n}": ema(close, n) for n in (20, 50, 200)},
        "rsi_14": plain_rsi(close),
        "macd": macd,
        "macd_signal": signal,
        "macd_histogram": macd - signal,
        "atr_14": plain_atr(bars),
        "bollinger_upper": mean + 2 * deviation,
        "bollinger_middle": mean,
        "bollinger_lower": mean - 2 * deviation,
        "volume_zscore_20": (volume[-1] - statistics.fmean(volume[-20:])) / statistics.pstdev(volume[-20:]),
        **{f"return_{n}d": close[-1] / close[-1 - n] - 1 for n in (1, 5, 20, 60)},
        "distance_from_52w_high": close[-1] / max(bars.high[-252:].tolist()) - 1,
        "realised_volatility_20": statistics.stdev(returns) * math.sqrt(252),
    }


def test_every_indicator_equals_its_plain_formula() -> None:
    bars = a_walk()
    assert indicators.compute(bars).model_dump() == pytest.approx(plainly(bars), rel=1e-9, abs=1e-9)


def test_the_fewest_bars_give_every_indicator() -> None:
    bars = a_walk(indicators.LEAST_BARS)
    assert indicators.compute(bars).model_dump() == pytest.approx(plainly(bars), rel=1e-9, abs=1e-9)


def test_one_bar_fewer_is_refused() -> None:
    with pytest.raises(BadMarketData, match="need 250 bars, there are 249"):
        indicators.compute(a_walk(indicators.LEAST_BARS - 1))


def test_a_row_never_changes_when_later_bars_arrive() -> None:
    whole = indicators.columns(a_walk(600))
    for end in (250, 251, 252, 253, 400, 599):
        for name, column in indicators.columns(a_walk(600).between(0, end)).items():
            np.testing.assert_array_equal(column, whole[name][:end], err_msg=f"{name} at {end}")


@pytest.mark.parametrize("price", [10.0, 10.1, 0.1 + 0.2, 1e-6, 1e7])
def test_a_price_that_never_moves_has_no_range_no_trend_and_an_rsi_of_50(price: float) -> None:
    found = indicators.compute(bars_of([price] * 700, volume=[0.1] * 700))
    assert found.rsi_14 == 50
    still = {"atr_14", "macd", "macd_signal", "macd_histogram", "distance_from_52w_high", "volume_zscore_20"}
    still |= {"return_1d", "return_60d", "realised_volatility_20"}
    for name in still:
        assert getattr(found, name) == pytest.approx(0, abs=price * 1e-9), name
    for name in ("sma_200", "ema_200", "bollinger_upper", "bollinger_lower"):
        # A deviation is the root of a difference of squares: it keeps half the digits.
        assert getattr(found, name) == pytest.approx(price, rel=1e-6), name


@pytest.mark.parametrize(("step", "expected"), [(1.01, 100.0), (0.99, 0.0)])
def test_a_price_that_only_rises_has_an_rsi_of_100_and_one_that_only_falls_0(step: float, expected: float) -> None:
    assert indicators.compute(bars_of([100 * step**i for i in range(300)])).rsi_14 == pytest.approx(expected)


def test_at_its_high_the_distance_is_0_also_when_the_high_is_met_twice() -> None:
    closes = [100.0] * 300
    closes[100] = closes[-1] = 110.0
    assert indicators.compute(bars_of(closes)).distance_from_52w_high == 0


def test_a_high_older_than_252_sessions_is_forgotten() -> None:
    closes = [100.0] * 300
    closes[300 - 253] = 200.0
    assert indicators.compute(bars_of(closes, width=0.0)).distance_from_52w_high == pytest.approx(100 / 200 - 1)
    closes[300 - 253], closes[300 - 254] = 100.0, 200.0  # its last trace is the next day's open
    assert indicators.compute(bars_of(closes, width=0.0)).distance_from_52w_high == 0


@pytest.fixture
def real_bars() -> Callable[[str, date], Bars]:
    if not SHARED.exists():
        pytest.skip("the shared daily bars are not beside the checkout")

    def read(symbol: str, last_on: date) -> Bars:
        rows = pq.read_table(SHARED, filters=[("symbol", "==", symbol), ("date", "<=", last_on)])
        days = rows["date"].to_numpy().astype("datetime64[D]")
        names = ("open", "high", "low", "close", "volume")
        return Bars(days, *(rows[name].to_numpy().astype(float) for name in names))

    return read


def test_the_session_without_volume_is_unusual_and_nothing_is_nan(real_bars: Callable[[str, date], Bars]) -> None:
    bars = real_bars("AAPL", date(2010, 4, 26)).last(300)
    assert bars.volume[-1] == 0
    found = indicators.compute(bars)
    assert found.volume_zscore_20 < -2
    assert found.model_dump() == pytest.approx(plainly(bars), rel=1e-9, abs=1e-9)
