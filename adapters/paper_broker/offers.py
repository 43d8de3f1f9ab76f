"""What a market offers the paper broker's orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from adapters.paper_broker.terms import Offer, PaperTerms
from trading.bars import Bars
from trading.errors import UnknownSymbol
from trading.market import Quote
from trading.orders import OrderRequest
from trading.ports import Market

VOLUME_SESSIONS = 20


class Offers(Protocol):
    """Where orders meet prices."""

    async def lists(self, symbol: str) -> bool:
        """Whether the market has the symbol."""
        ...

    async def meets(self, request: OrderRequest) -> tuple[str | None, Offer | None]:
        """Why an order cannot be served at all, and what it meets as it arrives (None: it rests)."""
        ...

    async def over(self, quotes: Mapping[str, Quote]) -> Mapping[str, Offer]:
        """What these quotes offer to resting orders."""
        ...


class MarketOffers:
    """What a market's quotes offer, each up to a share of the average volume."""

    def __init__(self, market: Market, terms: PaperTerms) -> None:
        self._market = market
        self._terms = terms

    async def lists(self, symbol: str) -> bool:
        """Whether the market has the symbol."""
        try:
            await self._market.instruments([symbol])
        except UnknownSymbol:
            return False
        return True

    async def meets(self, request: OrderRequest) -> tuple[str | None, Offer | None]:
        """Why the market cannot serve this order at all, and what it offers at the order's moment."""
        symbols = [request.symbol]
        if not await self.lists(request.symbol):
            return f"{request.symbol} is not traded on market {self._market.name}", None
        quote = (await self._market.quotes(symbols, request.as_of)).get(request.symbol)
        if not isinstance(quote, Quote):
            return None, None
        return None, self._offer(quote, await self._volumes(symbols, request.as_of))

    async def over(self, quotes: Mapping[str, Quote]) -> Mapping[str, Offer]:
        """What these quotes offer, by the volume that was known at the newest of them."""
        volumes = await self._volumes(list(quotes), max(quote.quoted_at for quote in quotes.values()))
        return {symbol: self._offer(quote, volumes) for symbol, quote in quotes.items()}

    async def _volumes(self, symbols: Sequence[str], as_of: datetime) -> Mapping[str, Decimal]:
        """Shares a day, averaged over the last 20 sessions that were complete then."""
        bars = await self._market.bars(symbols, as_of, VOLUME_SESSIONS)
        return {s: Decimal(int(of.volume.mean())) for s, of in bars.items() if isinstance(of, Bars) and len(of)}

    def _offer(self, quote: Quote, volumes: Mapping[str, Decimal]) -> Offer:
        return Offer(quote=quote, room=self._terms.room(volumes.get(quote.symbol)), terms=self._terms)
