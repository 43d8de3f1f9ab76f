"""Several providers of prices as one market: the next is asked when the one before it does not answer.

A look is whole from one provider: when the first fails half-way, everything is asked again of the next, and the reading
says so. A single question (facts for the gate, quotes for orders) is one call, so it too has one provider. Only
`MarketUnavailable` leads on; a refused key or an unknown symbol is for a person to mend.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

import structlog

from adapters.metrics import instruments
from adapters.tracing import spans
from trading.bars import Bars
from trading.corporate_actions import CorporateAction
from trading.errors import BadConfiguration, MarketRefused, MarketUnavailable
from trading.instruments import Instrument
from trading.market import Dropped, Quote
from trading.ports import Market
from trading.readings import Reading, checked
from trading.strategy_ports import Assets
from trading.universes import Listed

T = TypeVar("T")

PATIENCE_SECONDS = 50.0
"""For all of them together: the activity that asks has a minute, and the last of them must have its turn within it."""

log = structlog.get_logger()


class MarketChain:
    """Providers in the order of asking, all alike; raises BadConfiguration for a chain of unlike ones.

    With `cross_check` the first two that there are are looked at together, and a symbol that they disagree on is
    dropped as `disagreement`; when only one of them answers, its reading says that it was not checked.
    """

    def __init__(self, markets: Sequence[Market], *, cross_check: bool = False) -> None:
        first = markets[0]
        traits = {(market.adjustment, market.synthetic, market.historical) for market in markets}
        if len(traits) > 1:
            names = ", ".join(market.name for market in markets)
            reason = "live, historical and invented prices, and different adjustments, do not mix"
            raise BadConfiguration(f"MARKET_PROVIDERS={names}: {reason}")
        if cross_check and len(markets) < 2:  # noqa: PLR2004  one and another
            raise BadConfiguration(f"MARKET_CROSS_CHECK needs two providers, MARKET_PROVIDERS has {first.name} alone")
        self.name = "+".join(market.name for market in markets)
        self.adjustment = first.adjustment
        self.synthetic = first.synthetic
        self.historical = first.historical
        self._markets = tuple(markets)
        self._cross_check = cross_check

    @property
    def members(self) -> tuple[Market, ...]:
        """The providers, in the order of asking."""
        return self._markets

    async def latest(self, now: datetime) -> datetime:
        """The newest moment that the first of them can speak of."""
        moment, _ = await self._first(lambda market: market.latest(now))
        return moment

    async def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Company facts of the first that answers."""
        found, _ = await self._first(lambda market: market.instruments(symbols))
        return found

    async def bars(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> Mapping[str, Bars | Dropped]:
        """Daily bars of the first that answers."""
        found, _ = await self._first(lambda market: market.bars(symbols, as_of, sessions))
        return found

    async def quotes(self, symbols: Sequence[str], as_of: datetime) -> Mapping[str, Quote | Dropped]:
        """Prices of the first that answers."""
        found, _ = await self._first(lambda market: market.quotes(symbols, as_of))
        return found

    async def actions(
        self, symbols: Sequence[str], since: datetime, until: datetime
    ) -> Mapping[str, Sequence[CorporateAction]]:
        """Corporate actions of the first that answers."""
        found, _ = await self._first(lambda market: market.actions(symbols, since, until))
        return found

    async def look(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> Reading:
        """One provider's whole reading, against another's when they are to be checked."""
        if not self._cross_check:
            reading, missed = await self._first(lambda market: market.look(symbols, as_of, sessions))
            return replace(reading, fallback="; ".join(missed))
        pair = self._markets[:2]
        seen = await asyncio.gather(*(self._tried(market, symbols, as_of, sessions) for market in pair))
        readings = [one for one in seen if isinstance(one, Reading)]
        failures = [one for one in seen if isinstance(one, MarketUnavailable)]
        if not readings:
            raise _none_answered(list(zip(pair, failures, strict=True)))
        if failures:
            answered = next(market for market, one in zip(pair, seen, strict=True) if isinstance(one, Reading))
            _note_fallback(answered, [market for market in pair if market is not answered])
            return replace(readings[0], fallback=f"not checked: {failures[0]}")
        return checked(*readings)

    async def assets(self, as_of: datetime, sectors: Sequence[str]) -> Sequence[Listed]:
        """What the first of them that has a list has. Raises MarketRefused when none has one."""
        for market in self._markets:
            if isinstance(market, Assets):
                return await market.assets(as_of, sectors)
        raise MarketRefused(f"a screen cannot be made over {self.name}: none of them publishes a list of what it has")

    async def _tried(
        self, market: Market, symbols: Sequence[str], as_of: datetime, sessions: int
    ) -> Reading | MarketUnavailable:
        try:
            return await self._patiently(market, lambda one: one.look(symbols, as_of, sessions))
        except MarketUnavailable as failure:
            _note(market, failure)
            return failure

    async def _patiently(self, market: Market, ask: Callable[[Market], Awaitable[T]]) -> T:
        """Ask one of them, for its part of the patience."""
        seconds = PATIENCE_SECONDS / len(self._markets)
        try:
            with spans.span("ask provider", {"trading.market.provider": market.name}, spans.Kind.CLIENT):
                async with asyncio.timeout(seconds) as patience:
                    return await ask(market)
        except TimeoutError as late:
            if not patience.expired():
                raise
            raise MarketUnavailable(f"{market.name} took more than {seconds:.0f} s") from late

    async def _first(self, ask: Callable[[Market], Awaitable[T]]) -> tuple[T, list[str]]:
        """The answer of the first that answers, and what the ones before it said."""
        failures: list[tuple[Market, MarketUnavailable]] = []
        for market in self._markets:
            try:
                answer = await self._patiently(market, ask)
            except MarketUnavailable as failure:
                _note(market, failure)
                failures.append((market, failure))
            else:
                _note_fallback(market, [failed for failed, _ in failures])
                return answer, [f"{failed.name}: {failure}" for failed, failure in failures]
        raise _none_answered(failures)


def providers_of(market: Market) -> tuple[Market, ...]:
    """The providers of a chain, in the order of asking; any other market by itself."""
    return market.members if isinstance(market, MarketChain) else (market,)


def _note(market: Market, failure: MarketUnavailable) -> None:
    log.warning("a provider of prices failed", provider=market.name, reason=str(failure))
    instruments.MARKET_FAILURES.labels(instruments.PROVIDERS(market.name)).inc()


def _note_fallback(market: Market, failed: Sequence[Market]) -> None:
    for one in failed:
        instruments.FALLBACKS.labels(instruments.PROVIDERS(market.name), instruments.PROVIDERS(one.name)).inc()


def _none_answered(failures: Sequence[tuple[Market, MarketUnavailable]]) -> MarketUnavailable:
    """One failure for all; to be tried again when the first of them may be."""
    waits = [failure.retry_after_seconds for _, failure in failures]
    known = [wait for wait in waits if wait is not None]
    after = min(known) if len(known) == len(waits) else None
    said = "; ".join(f"{market.name}: {failure}" for market, failure in failures)
    return MarketUnavailable(f"no provider of prices answers: {said}", retry_after_seconds=after)
