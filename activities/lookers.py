"""Which symbols the strategies of a desk watch, and who of them looks when one moves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import structlog

from trading.errors import MarketRefused, MarketUnavailable
from trading.ports import Ledger
from trading.rosters import lookers
from trading.strategy import AGENTS, Strategy
from trading.strategy_ports import Holders
from trading.universes import UniverseAsked, UniverseFound

Resolve = Callable[[UniverseAsked], Awaitable[UniverseFound]]
"""From a universe to symbols. Raises MarketRefused or MarketUnavailable."""

log = structlog.get_logger()


class Lookers:
    """The strategies of one desk, by the books of the moment; `watchlist` is the desk's own."""

    def __init__(self, desk_id: str, watchlist: tuple[str, ...], holders: Holders, resolve: Resolve) -> None:
        self._desk_id = desk_id
        self._watchlist = watchlist
        self._holders = holders
        self._resolve = resolve
        self._watched: Mapping[str, frozenset[str]] = {}

    async def watched(self, ledger: Ledger) -> tuple[str, ...]:
        """The desk's watchlist, then the universes of enabled strategies; who looks at what is known from now on."""
        enabled = [one for one in await ledger.strategies(self._desk_id) if one.enabled]
        found = {one.strategy_id: await self._symbols(one) for one in enabled}
        self._watched = {strategy_id: frozenset(symbols) for strategy_id, symbols in found.items()}
        return tuple(dict.fromkeys((*self._watchlist, *(one for symbols in found.values() for one in symbols))))

    async def of(self, symbol: str, ledger: Ledger) -> tuple[str, ...] | None:
        """Who looks at a symbol that moved, as a move names them; None when it concerns nobody."""
        strategies, held = await ledger.strategies(self._desk_id), await self._holders.held(self._desk_id)
        found = lookers(symbol, strategies, self._watched, held)
        if not found:
            return None
        return () if found == (AGENTS,) else found

    async def _symbols(self, strategy: Strategy) -> tuple[str, ...]:
        """A screen whose market does not answer shows what it showed before."""
        asked = UniverseAsked(desk_id=self._desk_id, strategy=strategy, watchlist=self._watchlist)
        try:
            return (await self._resolve(asked)).symbols
        except (MarketRefused, MarketUnavailable) as silence:
            log.warning("a universe is not seen", strategy_id=strategy.strategy_id, reason=str(silence))
            return tuple(sorted(self._watched.get(strategy.strategy_id, ())))
