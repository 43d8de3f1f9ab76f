"""Universes without a market."""

from __future__ import annotations

from trading.universes import UniverseAsked, UniverseFound


async def by_name(asked: UniverseAsked) -> UniverseFound:
    """The symbols named, else the desk's watchlist."""
    return UniverseFound(symbols=asked.strategy.universe.symbols or asked.watchlist)
