"""Which strategies of a desk hold what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import transaction
from adapters.postgres.tables import trades


class PostgresHolders:
    """The port `Holders`: by the round trips that are open."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def held(self, desk_id: str) -> Mapping[str, frozenset[str]]:
        """The symbols that each strategy of a desk holds; of one that holds nothing, nothing."""
        query = select(trades.c.strategy_id, trades.c.symbol)
        query = query.where(trades.c.desk_id == desk_id, trades.c.closed_at.is_(None))
        found: dict[str, set[str]] = defaultdict(set)
        async with transaction(self._engine) as connection:
            for strategy_id, symbol in await connection.execute(query):
                found[strategy_id].add(symbol)
        return {strategy_id: frozenset(symbols) for strategy_id, symbols in found.items()}
