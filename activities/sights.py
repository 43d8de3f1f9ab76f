"""What the market has shown of symbols since a day, for trades that are only thought of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal

import numpy as np

from activities.market import MAX_AGE_CLOSED, SESSIONS
from trading.bars import Bars
from trading.errors import UnknownSymbol
from trading.market import Bar
from trading.ports import Calendar, Market
from trading.shadow_scoring import Seen
from trading.snapshots import assemble, last_completed

_DIGITS = 6  # of a `Price`


class Sights:
    """Looks at one market."""

    def __init__(self, market: Market, calendar: Calendar) -> None:
        self.market = market
        self.calendar = calendar

    async def see(self, since: Mapping[str, date], as_of: datetime) -> tuple[Seen, ...]:
        """What the market says of each symbol after a day; what cannot be trusted is not seen."""
        symbols = sorted(since)
        try:
            reading = await self.market.look(symbols, as_of, SESSIONS)
        except UnknownSymbol:
            symbols = await self._known(symbols)
            reading = await self.market.look(symbols, as_of, SESSIONS)
        completed_on = last_completed(self.calendar, as_of).session_on
        snapshot = assemble(reading, symbols, completed_on=completed_on, max_quote_age=MAX_AGE_CLOSED)
        seen: list[Seen] = []
        for facts in snapshot.symbols:
            symbol = facts.instrument.symbol
            bars = reading.bars[symbol]
            newer = _after(bars, since[symbol]) if isinstance(bars, Bars) else ()
            splits = tuple(reading.actions.get(symbol, ()))
            seen.append(Seen(symbol=symbol, bars=newer, quote=facts.quote, splits=splits))
        return tuple(seen)

    async def bars(self, symbols: Iterable[str], as_of: datetime) -> Mapping[str, Bars]:
        """The daily bars of those symbols that the market still has, a year of them and some."""
        wanted = sorted(set(symbols))
        try:
            found = await self.market.bars(wanted, as_of, SESSIONS)
        except UnknownSymbol:
            found = await self.market.bars(await self._known(wanted), as_of, SESSIONS)
        return {symbol: bars for symbol, bars in found.items() if isinstance(bars, Bars)}

    async def _known(self, symbols: Iterable[str]) -> list[str]:
        return [symbol for symbol in symbols if await self._knows(symbol)]

    async def _knows(self, symbol: str) -> bool:
        """Whether the market still lists it."""
        try:
            await self.market.instruments([symbol])
        except UnknownSymbol:
            return False
        return True


def _after(bars: Bars, day: date) -> tuple[Bar, ...]:
    """The bars of sessions after a day, oldest first."""
    first = int(np.searchsorted(bars.session_on, np.datetime64(day, "D"), side="right"))
    return tuple(_bar(bars, number) for number in range(first, len(bars)))


def _bar(bars: Bars, number: int) -> Bar:
    prices = {name: _price(getattr(bars, name)[number]) for name in ("open", "high", "low", "close")}
    return Bar(session_on=bars.session_on[number].astype(date), volume=int(bars.volume[number]), **prices)


def _price(value: np.float64) -> Decimal:
    return Decimal(repr(round(float(value), _DIGITS)))
