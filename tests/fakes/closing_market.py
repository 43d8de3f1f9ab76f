"""A market of daily closes that a test sets by hand, at a present that it sets too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import numpy as np

from tests.fakes.market import FakeMarket
from trading.bars import Bars
from trading.errors import MarketUnavailable


class ClosingMarket(FakeMarket):
    """Bars of the days that were set, each visible from its day on; quotes as in the market it extends.

    `away` so many times it does not answer when asked for bars.
    """

    def __init__(self, present: datetime, closes: Mapping[str, Mapping[date, float]], away: int = 0) -> None:
        super().__init__(unquoted=tuple(closes))
        self.present = present
        self.away = away
        self.asked: list[tuple[str, ...]] = []
        self.closes = {symbol: dict(days) for symbol, days in closes.items()}

    async def latest(self, now: datetime) -> datetime:
        return self.present

    async def bars(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> Mapping[str, Bars]:
        self.asked.append(tuple(symbols))
        if self.away:
            self.away -= 1
            raise MarketUnavailable("the market is closed for repairs")
        found: dict[str, Bars] = {}
        for symbol in symbols:
            days = {day: close for day, close in self.closes.get(symbol, {}).items() if day <= as_of.date()}
            if days:
                on = np.array(sorted(days), dtype="datetime64[D]")
                prices = np.array([days[day] for day in sorted(days)])
                bars = Bars(on, prices, prices, prices, prices, np.full(len(days), 1e6))
                found[symbol] = bars.last(sessions)
        return found
