"""What one provider answered for one moment, before anything is trusted; and where two providers disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from trading.bars import Bars
from trading.companies import Company
from trading.corporate_actions import CorporateAction
from trading.instruments import Instrument
from trading.market import Adjustment, Dropped, Quote
from trading.news import News

MOST_DIFFERENCE = 0.02
"""The fraction by which two providers' prices of one moment may differ."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one market answered for one moment; mappings are by symbol.

    `actions` are those of the time that the bars cover, as far as the market knows any; `fallback` says why this is not
    what was wished for. `companies` are what is known of them today, where today is the moment asked for.
    """

    provider: str
    adjustment: Adjustment
    synthetic: bool
    as_of: datetime
    taken_at: datetime
    instruments: Mapping[str, Instrument]
    bars: Mapping[str, Bars | Dropped]
    quotes: Mapping[str, Quote | Dropped]
    actions: Mapping[str, Sequence[CorporateAction]] = field(default_factory=dict)
    news: Sequence[News] = ()
    companies: Mapping[str, Company] = field(default_factory=dict)
    fallback: str = ""


def checked(reading: Reading, other: Reading) -> Reading:
    """A reading without the symbols on which another provider's disagrees: those are dropped with its words.

    Compared are the last prices, and the closes of the newest and the oldest session that both have: the oldest one
    shows a split that only one of them has applied. What the other does not price is not compared.
    """
    refused = {symbol: said for symbol in reading.quotes if (said := _disagreement(reading, other, symbol))}
    return replace(reading, quotes={**reading.quotes, **refused})


def _disagreement(reading: Reading, other: Reading, symbol: str) -> Dropped | None:
    for what, ours, theirs in _prices(reading, other, symbol):
        if abs(ours / theirs - 1) > MOST_DIFFERENCE:
            said = f"{what}: {ours:g} at {reading.provider}, {theirs:g} at {other.provider}"
            return Dropped(symbol=symbol, code="disagreement", reason=said)
    return None


def _prices(reading: Reading, other: Reading, symbol: str) -> Sequence[tuple[str, float, float]]:
    found: list[tuple[str, float, float]] = []
    ours, theirs = reading.quotes.get(symbol), other.quotes.get(symbol)
    if isinstance(ours, Quote) and isinstance(theirs, Quote):
        found.append(("last price", float(ours.last), float(theirs.last)))
    mine, his = reading.bars.get(symbol), other.bars.get(symbol)
    if isinstance(mine, Bars) and isinstance(his, Bars) and mine.defect() is None and his.defect() is None:
        days, at, there = np.intersect1d(mine.session_on, his.session_on, return_indices=True)
        ends = (-1, 0) if len(days) else ()
        found += [(f"close of {days[e]}", float(mine.close[at[e]]), float(his.close[there[e]])) for e in ends]
    return found
