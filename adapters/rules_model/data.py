"""The DataAgent's rules: votes on the trend, a look for stretched prices, and a size that risks the same each time."""

from __future__ import annotations

import math
from typing import NamedTuple

from pydantic import JsonValue

from trading.agents.data import DataFacts
from trading.agents.facts import Figures

# Votes on the trend; together they make 1. Long averages weigh most, because they err least often.
ABOVE_SMA_200 = 0.25
SMA_50_OVER_200 = 0.20
ABOVE_SMA_50 = 0.15
EMA_20_OVER_50 = 0.15
MOMENTUM = 0.15
MACD = 0.10
STILL_RETURN = 0.02  # a 60-day return within this is no vote either way

BUY_SCORE = 0.85
SELL_SCORE = -0.4
HOT_RSI = 75.0
COLD_RSI = 35.0
NEAR_BAND = 1.01

RISKED = 0.005  # part of equity lost when the stop is hit
LARGEST_WEIGHT = 0.25
STOP_ATRS = 2.0
TARGET_ATRS = 3.0
LEAST_TURNOVER = 1_000_000.0  # dollars a day; below it the price is somebody else's opinion


class Call(NamedTuple):
    """What to do, how sure, for how long and why."""

    action: str
    confidence: float
    horizon_days: int
    because: str


def signal(facts: DataFacts) -> dict[str, JsonValue]:
    """Answer the DataAgent's question as a `SignalAnswer`."""
    figures = facts.figures
    sellable = _sellable(facts)
    call = _when_held(figures) if sellable >= 1 else _when_flat(facts)
    buying = call.action == "buy"
    return {
        "symbol": facts.symbol,
        "action": call.action,
        "confidence": round(call.confidence, 3),
        "weight": weight(figures) if buying else None,
        "quantity": sellable if call.action == "sell" else None,
        "stop": _price(figures.price - STOP_ATRS * figures.atr_14) if buying else None,
        "target": _price(figures.price + TARGET_ATRS * figures.atr_14) if buying else None,
        "horizon_days": call.horizon_days,
        "reasoning": f"{call.because}: {_numbers(figures)}",
    }


def score(figures: Figures) -> float:
    """The trend by six votes, -1 (down) to 1 (up)."""
    momentum = figures.return_60d if abs(figures.return_60d) > STILL_RETURN else 0.0
    votes = (
        (figures.price - figures.sma_200, ABOVE_SMA_200),
        (figures.sma_50 - figures.sma_200, SMA_50_OVER_200),
        (figures.price - figures.sma_50, ABOVE_SMA_50),
        (figures.ema_20 - figures.ema_50, EMA_20_OVER_50),
        (momentum, MOMENTUM),
        (figures.macd_histogram, MACD),
    )
    return round(sum(math.copysign(points, lead) for lead, points in votes if lead), 6)


def weight(figures: Figures) -> float:
    """The part of equity that loses `RISKED` of it at the stop, capped; rounded down to a hundredth of a percent."""
    lost = STOP_ATRS * figures.atr_14 / figures.price
    return math.floor(min(RISKED / lost, LARGEST_WEIGHT) * 10_000) / 10_000


def _when_held(figures: Figures) -> Call:
    trend = score(figures)
    if trend <= SELL_SCORE:
        return Call("sell", min(0.5 + abs(trend) * 0.35, 0.85), 5, f"Trend broken, votes {trend:+.2f}")
    if _overheated(figures):
        return Call("sell", min(0.55 + (figures.rsi_14 - HOT_RSI) / 100, 0.8), 5, "Stretched above the upper band")
    return Call("hold", 0.5, 20, f"Held and nothing broken, votes {trend:+.2f}")


def _when_flat(facts: DataFacts) -> Call:
    figures = facts.figures
    trend = score(figures)
    if facts.books.positions or facts.books.open_orders:
        return Call("hold", 0.5, 20, f"Held or ordered already, votes {trend:+.2f}")
    if figures.atr_14 <= 0 or figures.price * figures.average_volume_20 < LEAST_TURNOVER:
        return Call("hold", 0.5, 20, "Too thinly traded")
    if trend >= BUY_SCORE:
        return _with_trend(figures, trend)
    if _stretched_down(figures):
        return Call("buy", min(0.55 + (COLD_RSI - figures.rsi_14) / 100, 0.8), 10, "Fallen far in a rising long trend")
    return Call("hold", 0.5, 20, f"Evidence is mixed, votes {trend:+.2f}")


def _with_trend(figures: Figures, trend: float) -> Call:
    if figures.rsi_14 >= HOT_RSI or figures.price > figures.bollinger_upper:
        return Call("hold", 0.5, 20, f"Trend up, votes {trend:+.2f}, but stretched already")
    return Call("buy", _trend_confidence(figures, trend), 20, f"Trend up, votes {trend:+.2f}")


def _stretched_down(figures: Figures) -> bool:
    rising = figures.price > figures.sma_200 and figures.sma_50 > figures.sma_200
    return rising and figures.rsi_14 < COLD_RSI and figures.price <= figures.bollinger_lower * NEAR_BAND


def _overheated(figures: Figures) -> bool:
    return figures.rsi_14 > HOT_RSI and figures.price > figures.bollinger_upper


def _trend_confidence(figures: Figures, trend: float) -> float:
    """0.5 to 0.85: up to 0.15 for agreeing votes, 0.15 for momentum per unit of risk, 0.05 for volume."""
    quarter = max(figures.realised_volatility_20, 0.05) * math.sqrt(60 / 252)
    momentum = _unit(figures.return_60d / quarter / 2)
    volume = _unit(figures.volume_zscore_20 / 3)
    return 0.5 + 0.15 * _unit((trend - BUY_SCORE) / (1 - BUY_SCORE)) + 0.15 * momentum + 0.05 * volume


def _sellable(facts: DataFacts) -> int:
    held = sum(position.shares for position in facts.books.positions)
    leaving = sum(order.shares for order in facts.books.open_orders if order.side == "sell")
    return max(math.floor(held - leaving), 0)


def _price(price: float) -> float | None:
    """A price in whole ticks, None when there is none that low."""
    return round(price, 2 if price >= 1 else 4) or None if price > 0 else None


def _unit(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _numbers(figures: Figures) -> str:
    return (
        f"price {figures.price:.2f}, SMA50 {figures.sma_50:.2f}, SMA200 {figures.sma_200:.2f}, "
        f"EMA20 {figures.ema_20:.2f}, EMA50 {figures.ema_50:.2f}, RSI {figures.rsi_14:.1f}, "
        f"MACD histogram {figures.macd_histogram:.3f}, 60-day return {figures.return_60d * 100:.1f} %, "
        f"ATR {figures.atr_14:.2f}, volatility {figures.realised_volatility_20 * 100:.0f} % a year."
    )
