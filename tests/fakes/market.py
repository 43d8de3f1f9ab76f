"""A market whose prices a test sets by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import numpy as np

from adapters.looking import look_at
from trading.bars import Bars
from trading.corporate_actions import CorporateAction
from trading.errors import UnknownSymbol
from trading.instruments import Instrument
from trading.market import Adjustment, Dropped, Quote
from trading.readings import Reading


class FakeMarket:
    """Quotes as they were set, each visible from its own time on; bars of a constant price and volume.

    It knows the symbols that were quoted and those of `unquoted`, and lists the actions of `listed`. A `volume` of None
    means that it has no bars at all.
    """

    name = "fake"
    adjustment = Adjustment.ALL
    synthetic = True
    historical = False

    def __init__(self, unquoted: Sequence[str] = (), volume: int | None = 1_000_000) -> None:
        self.volume = volume
        self.listed: list[CorporateAction] = []
        self._tape: dict[str, list[Quote]] = {symbol: [] for symbol in unquoted}

    def quote(self, symbol: str, bid: str, ask: str, at: datetime) -> Quote:
        """Set a quote, last traded at the bid, and answer with it."""
        quote = Quote(symbol=symbol, bid=Decimal(bid), ask=Decimal(ask), last=Decimal(bid), quoted_at=at)
        self._tape.setdefault(symbol, []).append(quote)
        return quote

    async def latest(self, now: datetime) -> datetime:
        return now

    async def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        unknown = [symbol for symbol in symbols if symbol not in self._tape]
        if unknown:
            raise UnknownSymbol(f"unknown: {', '.join(unknown)}")
        return {symbol: Instrument(symbol=symbol) for symbol in symbols}

    async def bars(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> Mapping[str, Bars]:
        if self.volume is None:
            return {}
        days = np.arange(np.datetime64(as_of.date(), "D") - sessions, np.datetime64(as_of.date(), "D"))
        price, volume = np.full(sessions, 100.0), np.full(sessions, float(self.volume))
        return {symbol: Bars(days, price, price, price, price, volume) for symbol in symbols if symbol in self._tape}

    async def quotes(self, symbols: Sequence[str], as_of: datetime) -> Mapping[str, Quote | Dropped]:
        return {symbol: self._newest(symbol, as_of) for symbol in symbols}

    async def actions(
        self, symbols: Sequence[str], since: datetime, until: datetime
    ) -> Mapping[str, Sequence[CorporateAction]]:
        days = since.date(), until.date()
        found = {s: tuple(a for a in self.listed if a.symbol == s and days[0] <= a.ex_on <= days[1]) for s in symbols}
        return {symbol: actions for symbol, actions in found.items() if actions}

    async def look(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> Reading:
        return await look_at(self, symbols, as_of, sessions)

    def _newest(self, symbol: str, as_of: datetime) -> Quote | Dropped:
        seen = [quote for quote in self._tape.get(symbol, []) if quote.quoted_at <= as_of]
        if not seen:
            return Dropped(symbol=symbol, code="missing", reason="there is no quote")
        return max(seen, key=lambda quote: quote.quoted_at)
