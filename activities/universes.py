"""From what a strategy looks at to symbols."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime

from temporalio import activity

from activities import clock
from trading.ports import Calendar, Market
from trading.snapshots import last_completed
from trading.strategy_ports import Assets
from trading.universes import Listed, UniverseAsked, UniverseFound, looked_at, screened

MOST_LISTS = 8
"""Lists that are kept: those of one session, by sectors, and of a day in the past that somebody looks at."""


class UniverseActivities:
    """Universes of one market.

    A screen looks at complete sessions only, so from one closing bell to the next it gives the same symbols, whoever
    asks, and the market's list is asked for once.
    """

    def __init__(self, market: Market, assets: Assets, calendar: Calendar) -> None:
        self._market = market
        self._assets = assets
        self._calendar = calendar
        self._lists: dict[tuple[date, tuple[str, ...]], Sequence[Listed]] = {}
        self._asking = asyncio.Lock()

    @activity.defn
    async def resolve_universe(self, asked: UniverseAsked) -> UniverseFound:
        """The symbols that a strategy looks at, a hundred at most: those named, then what the screen lets pass.

        With neither the desk's watchlist. Raises MarketRefused for a screen over a market that has no list.

        Repeat: reads only; the same session gives the same symbols.
        """
        universe = asked.strategy.universe
        if universe.screen is None:
            symbols = universe.symbols or asked.watchlist
            return UniverseFound(symbols=symbols, reason="" if symbols else "it names no symbols, nor does the desk")
        as_of = asked.as_of or await self._market.latest(clock.now())
        found = await self._listed(as_of, universe.screen.sectors)
        symbols = looked_at(universe, screened(found, universe.screen))
        reason = "" if symbols else f"nothing of {len(found)} listed symbols passes its screen"
        return UniverseFound(symbols=symbols, reason=reason)

    async def _listed(self, as_of: datetime, sectors: tuple[str, ...]) -> Sequence[Listed]:
        key = (last_completed(self._calendar, as_of).session_on, tuple(sorted(set(sectors))))
        async with self._asking:
            if key not in self._lists:
                found = await self._assets.assets(as_of, key[1])
                while len(self._lists) >= MOST_LISTS:
                    del self._lists[next(iter(self._lists))]
                self._lists[key] = found
            return self._lists[key]
