"""The Validator's rules: patterns by their definitions, cited numbers against the facts, and contradictions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from pydantic import JsonValue

from trading.agents.answers import Pattern
from trading.agents.facts import Figures, Proposed
from trading.agents.validator import Past, ValidatorFacts
from trading.instruments import Side

FRESH_CROSS = 0.02  # averages this close have crossed lately
AT_THE_HIGH = -0.01
BUSY = 1.0  # standard deviations of volume
CLIMAX = 3.0
OVERBOUGHT, OVERSOLD = 70.0, 30.0
ABSURD_RSI = 80.0
DIVERGING = 0.02  # a 20-day return that momentum denies
SQUEEZE = 0.04  # the bands' width over their middle
NEAREST_STOP_ATRS = 0.5
ALIKE = 1.0  # the distance of one kind on another day

TOLERANCE = 0.02  # a cited number may be rounded, not invented
LEAST_TOLERANCE = 0.05

GOOD_FOR_BUYING = {
    Pattern.UPTREND,
    Pattern.GOLDEN_CROSS,
    Pattern.BREAKOUT,
    Pattern.PULLBACK,
    Pattern.OVERSOLD,
    Pattern.BULLISH_DIVERGENCE,
}
GOOD_FOR_SELLING = {Pattern.DOWNTREND, Pattern.DEATH_CROSS, Pattern.OVERBOUGHT, Pattern.BEARISH_DIVERGENCE}

# A name, perhaps a word, then a number that is neither a percentage nor the start of "20-day".
_NUMBER = r"\)?\s*(?:is|at|of|=|:)?\s*\$?(-?\d[\d,]*(?:\.\d+)?)(?![\d-]|\.\d|\s*%)"
_AVERAGES = {f"{kind}_{days}": rf"{kind}[ _(-]?{days}(?!\d)" for kind in ("sma", "ema") for days in (20, 50, 200)}
_NAMES = {
    **_AVERAGES,
    "rsi_14": r"rsi(?:[ _(-]?14(?![\d.]))?+",
    "atr_14": r"atr(?:[ _(-]?14(?![\d.]))?+",
    "macd_histogram": r"macd[ _]histogram",
    "price": r"price",
}
_CITED = {name: re.compile(rf"\b{spelt}{_NUMBER}", re.IGNORECASE) for name, spelt in _NAMES.items()}


def validate(facts: ValidatorFacts) -> dict[str, JsonValue]:
    """Answer the Validator's question as a `ValidationAnswer`."""
    proposal, figures = facts.proposal, facts.figures
    seen = list(patterns(figures))
    against = list(chain(contradictions(proposal, figures), misquotes(proposal.reasoning, figures)))
    doubted = [*doubts(proposal, seen), *failures(facts.precedents)]
    good = GOOD_FOR_BUYING if proposal.side is Side.BUY else GOOD_FOR_SELLING
    confidence = 0.5 + 0.1 * len(good.intersection(seen)) - 0.1 * len(doubted) - 0.3 * len(against)
    approved = not against
    return {
        "symbol": proposal.symbol,
        "approved": approved,
        "confidence": round(min(max(confidence, 0.05), 0.9), 3),
        "patterns": [*seen],
        "concerns": [*(against + doubted)[:12]],
        "reasoning": _summary(proposal, seen, against),
    }


def patterns(figures: Figures) -> Iterator[Pattern]:
    """Every pattern that these figures show."""
    f = figures
    lead, fresh = f.sma_50 - f.sma_200, FRESH_CROSS * f.sma_200
    shown = {
        Pattern.UPTREND: f.price > f.sma_50 > f.sma_200,
        Pattern.DOWNTREND: f.price < f.sma_50 < f.sma_200,
        Pattern.GOLDEN_CROSS: 0 < lead <= fresh and f.price > f.sma_50,
        Pattern.DEATH_CROSS: -fresh <= lead < 0 and f.price < f.sma_50,
        Pattern.BREAKOUT: f.distance_from_52w_high >= AT_THE_HIGH and f.volume_zscore_20 >= BUSY,
        Pattern.PULLBACK: f.sma_50 > f.sma_200 and f.sma_200 < f.price < f.sma_20,
        Pattern.OVERBOUGHT: f.rsi_14 > OVERBOUGHT,
        Pattern.OVERSOLD: f.rsi_14 < OVERSOLD,
        Pattern.VOLUME_CLIMAX: f.volume_zscore_20 >= CLIMAX,
        Pattern.BEARISH_DIVERGENCE: f.return_20d > DIVERGING and f.macd_histogram < 0,
        Pattern.BULLISH_DIVERGENCE: f.return_20d < -DIVERGING and f.macd_histogram > 0,
        Pattern.BAND_SQUEEZE: f.bollinger_upper - f.bollinger_lower < SQUEEZE * f.bollinger_middle,
    }
    return (pattern for pattern, there in shown.items() if there)


def contradictions(proposal: Proposed, figures: Figures) -> Iterator[str]:
    """What no argument can make good, as sentences."""
    f = figures
    if proposal.unsupported_numbers:
        yield f"Cites what nobody told: {', '.join(proposal.unsupported_numbers)}."[:200]
    if proposal.side is Side.SELL:
        if f.price > f.sma_50 > f.sma_200 and f.rsi_14 < OVERBOUGHT and f.return_20d > 0:
            yield f"Sells strength without a reason: {f.price:.2f} over SMA50 {f.sma_50:.2f}, RSI {f.rsi_14:.1f}."
        return
    if f.price < f.sma_200 and f.sma_50 < f.sma_200 and f.return_60d < 0:
        yield f"Buys a falling trend: {f.price:.2f} under SMA200 {f.sma_200:.2f}, 60 days {f.return_60d * 100:.1f} %."
    if f.rsi_14 > ABSURD_RSI:
        yield f"Buys at RSI {f.rsi_14:.1f}."
    if proposal.stop is not None and proposal.stop > f.price - NEAREST_STOP_ATRS * f.atr_14:
        yield f"The stop {proposal.stop:.2f} lies within a day's range of {f.price:.2f}."
    if proposal.target is not None and proposal.target <= f.price:
        yield f"The target {proposal.target:.2f} is not above {f.price:.2f}."


def misquotes(reasoning: str, figures: Figures) -> Iterator[str]:
    """Numbers that the reasoning gives by name and the figures do not bear out."""
    for name, pattern in _CITED.items():
        actual = float(getattr(figures, name))
        for found in pattern.finditer(reasoning):
            cited = float(found[1].replace(",", ""))
            if abs(cited - actual) > max(TOLERANCE * abs(actual), LEAST_TOLERANCE):
                yield f"Cites {name} {cited:g}, the facts say {actual:g}."


def doubts(proposal: Proposed, seen: list[Pattern]) -> Iterator[str]:
    """A doubt for each pattern that speaks for the other side."""
    bad = GOOD_FOR_SELLING if proposal.side is Side.BUY else GOOD_FOR_BUYING - {Pattern.UPTREND, Pattern.BREAKOUT}
    for pattern in seen:
        if pattern in bad:
            yield f"Shows {pattern.replace('_', ' ')} against a {proposal.side}."
    if proposal.side is Side.BUY and Pattern.VOLUME_CLIMAX in seen:
        yield "The volume is a climax: the move may be over."


def failures(past: Past | None) -> Iterator[str]:
    """A doubt for each near loss that no near win makes up for."""
    if past is None:
        return
    won = sum(one.distance <= ALIKE for one in past.wins)
    for one in [one for one in past.losses if one.distance <= ALIKE][won:]:
        yield f"A setup like it in {one.symbol} lost {-one.return_fraction:.1%} ({one.ended})."


def _summary(proposal: Proposed, seen: list[Pattern], against: list[str]) -> str:
    named = ", ".join(pattern.replace("_", " ") for pattern in seen) or "no pattern"
    verdict = "contradicted" if against else "borne out"
    return f"The {proposal.side} is {verdict} by the figures; they show {named}."
