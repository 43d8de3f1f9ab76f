"""A setup in numbers, so that like setups lie near each other: plain Euclidean distance is how unlike two are.

Each number is scaled to about -1 … 1, clipped there, and then weighed; a clip keeps one wild value from being the whole
distance. Prices only stand beside prices, and returns beside the volatility of their own time: a split changes nothing,
and a calm utility and a wild chip maker that do the same for their kind are alike. V is the daily realised volatility,
at least 0.3 %; three of it, over the days of a return, are 1.

| feature | formula | weight | why |
|---|---|---|---|
| `rsi` | RSI / 50 - 1 | 1 | overbought or oversold |
| `sma_20`, `sma_50`, `sma_200` | (price / average - 1) / (V √n) / 3 | 1 | how far it ran, by what is usual in n days |
| `macd` | 2 x histogram / ATR | 1 | whether the trend gains or loses strength |
| `atr` | ln(ATR / price / 2 %) / ln 4 | 1 | how far a stop is: 0 at 2 %, ends at 0.5 % and 8 % |
| `bollinger` | (price - middle) / (upper - middle) / 1.5 | 1 | where in its band; beyond it counts on by half |
| `volume` | z-score / 3 | 1 | whether anybody takes part |
| `return_1`, `return_5`, `return_20`, `return_60` | return / (V √n) / 3 | 1 | what brought it here |
| `high` | distance from the 52-week high / 25 % + 1 | 1 | a breakout or a fallen star: 1 at the high, -1 at half |
| `volatility` | ln(yearly volatility / 25 %) / ln 4 | 1 | how wild it is, by ratios |
| `above_50`, `above_200`, `20_over_50`, `50_over_200` | 1 when true, else -1 | 0.5 | the kind of trend, at any size |
| `regime:…` | 1 in one of nine: calm < 15 % ≤ usual < 30 % ≤ wild x up, none, down | 0.5 | a rule works in some |
| `sector:…` | 1 in its sector: eleven of GICS, funds, unknown | 0.3 | sectors move together; a hint, no more |
| `trigger:…` | 1 for what asked | 0.15 | a sudden move is looked at otherwise; a hint, no more |
| `side` | 1 to buy, -1 to sell | 0.25 | recall asks for one side anyhow |

What cannot be said (over an average of nought) is 0. Four decimals are kept: what a database keeps of a float is the
same then. Stored vectors hold by these formulas: who changes one counts what is stored anew, in a migration.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from trading.instruments import UNKNOWN_SECTOR, Side
from trading.market import Indicators, SymbolFacts
from trading.steps import Trigger

SECTORS = (
    "Communication Services",
    "Consumer Discretionary",
    "Consumer Staples",
    "Energy",
    "Financials",
    "Health Care",
    "Industrials",
    "Information Technology",
    "Materials",
    "Real Estate",
    "Utilities",
    "ETF",
    UNKNOWN_SECTOR,
)
_REGIMES = tuple(f"{wild}-{trend}" for wild in ("calm", "usual", "wild") for trend in ("up", "none", "down"))
FEATURES = (
    *("rsi", "sma_20", "sma_50", "sma_200", "macd", "atr", "bollinger", "volume"),
    *("return_1", "return_5", "return_20", "return_60", "high", "volatility"),
    *("above_50", "above_200", "20_over_50", "50_over_200"),
    *(f"regime:{name}" for name in _REGIMES),
    *(f"sector:{name}" for name in SECTORS),
    *(f"trigger:{name}" for name in Trigger),
    "side",
)
"""The name of each number, in its place."""

_FLAG, _REGIME, _SECTOR, _TRIGGER, _SIDE = 0.5, 0.5, 0.3, 0.15, 0.25
_LEAST_DAILY, _SESSIONS_A_YEAR, _Z = 0.003, 252, 3.0
_CALM, _WILD = 0.15, 0.30
_PLACES = 4


def features_of(facts: SymbolFacts, side: Side, trigger: str, sector: str = "") -> tuple[float, ...]:
    """The setup of one symbol; `sector` is the instrument's where none is named. Of `FEATURES`' size, and finite."""
    of, price = facts.indicators, float(facts.quote.last)
    numbers = (
        *_levels(of, price),
        *_returns(of),
        *(_FLAG if true else -_FLAG for true in _flags(of, price)),
        *_one_hot(_REGIMES, regime(of, price), _REGIME),
        *_one_hot(SECTORS, _sector(sector or facts.instrument.sector), _SECTOR),
        *_one_hot(tuple(Trigger), trigger, _TRIGGER),
        _SIDE if side is Side.BUY else -_SIDE,
    )
    return tuple(round(number, _PLACES) for number in numbers)


def regime(of: Indicators, price: float) -> str:
    """One of nine: how wild the symbol is, and where its averages say that it goes."""
    wild = "calm" if of.realised_volatility_20 < _CALM else "usual" if of.realised_volatility_20 < _WILD else "wild"
    trend = "up" if price > of.sma_50 > of.sma_200 else "down" if price < of.sma_50 < of.sma_200 else "none"
    return f"{wild}-{trend}"


def distance(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """How unlike two setups are: on real bars two days in a row are 0.6 apart, any two setups 2."""
    return round(math.dist(one, other), 6)


def _levels(of: Indicators, price: float) -> Iterator[float]:
    daily = _daily(of)
    yield _clipped(of.rsi_14 / 50 - 1)
    for days, average in ((20, of.sma_20), (50, of.sma_50), (200, of.sma_200)):
        yield _clipped((_over(price, average, 1) - 1) / (daily * math.sqrt(days)) / _Z)
    yield _clipped(2 * _over(of.macd_histogram, of.atr_14, 0))
    yield _logarithmic(_over(of.atr_14, price, 0), 0.02)
    yield _clipped(_over(price - of.bollinger_middle, of.bollinger_upper - of.bollinger_middle, 0) / 1.5)
    yield _clipped(of.volume_zscore_20 / _Z)


def _returns(of: Indicators) -> Iterator[float]:
    daily = _daily(of)
    for days, made in ((1, of.return_1d), (5, of.return_5d), (20, of.return_20d), (60, of.return_60d)):
        yield _clipped(made / (daily * math.sqrt(days)) / _Z)
    yield _clipped(of.distance_from_52w_high / 0.25 + 1)
    yield _logarithmic(of.realised_volatility_20, 0.25)


def _flags(of: Indicators, price: float) -> tuple[bool, ...]:
    return price > of.sma_50, price > of.sma_200, of.sma_20 > of.sma_50, of.sma_50 > of.sma_200


def _daily(of: Indicators) -> float:
    return max(of.realised_volatility_20 / math.sqrt(_SESSIONS_A_YEAR), _LEAST_DAILY)


def _over(amount: float, by: float, otherwise: float) -> float:
    """A ratio of two amounts of one unit, `otherwise` where the second is nought or less."""
    return amount / by if by > 0 else otherwise


def _logarithmic(ratio: float, usual: float) -> float:
    return _clipped(math.log(ratio / usual) / math.log(4)) if ratio > 0 else 0.0


def _clipped(number: float) -> float:
    return 0.0 if math.isnan(number) else max(-1.0, min(1.0, number))


def _one_hot(names: tuple[str, ...], name: str, weight: float) -> Iterator[float]:
    return (weight if each == name else 0.0 for each in names)


def _sector(name: str) -> str:
    return name if name in SECTORS else UNKNOWN_SECTOR
