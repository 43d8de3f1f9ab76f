"""Whether a strategy could run at all: asked when it is added or changed, before anything is written."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from trading.ports import Market
from trading.strategy import Strategy
from trading.strategy_ports import Assets, Rules
from trading.universes import looked_at, screened


class Vetters(NamedTuple):
    """Who is asked."""

    rules: Rules
    market: Market
    assets: Assets


async def vet_strategy(strategy: Strategy, by: Vetters, as_of: datetime) -> tuple[str, ...]:
    """Make its rule with its parameters, and ask the market for its symbols; those that it looks at now.

    None at all where the desk's watchlist serves, or where nothing passes its screen at the moment. Raises a
    TradingError in one line: BadRule, UnknownSymbol with every symbol that the market does not have, MarketRefused for
    a screen over a market that has no list, MarketUnavailable when it does not answer.
    """
    if not strategy.asks_agents:
        by.rules.load(strategy.source, strategy.parameters)
    universe = strategy.universe
    if universe.symbols:
        await by.market.instruments(universe.symbols)
    if universe.screen is None:
        return universe.symbols
    listed = await by.assets.assets(as_of, universe.screen.sectors)
    return looked_at(universe, screened(listed, universe.screen))
