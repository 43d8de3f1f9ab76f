"""A strategy as the books know it at one instant: what it is, what its breaker asks for, and its part of the books."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.sleeves import read_part
from adapters.postgres.tables import strategies
from trading.breaker import CircuitBreaker
from trading.footing import Footing
from trading.strategy import Strategy


async def read_footing(connection: AsyncConnection, desk_id: str, strategy_id: str) -> Footing:
    """How a strategy stands; of one that the desk has no more only what it still has of the books."""
    ours = (strategies.c.desk_id == desk_id) & (strategies.c.strategy_id == strategy_id)
    row = (await connection.execute(select(strategies.c.config, strategies.c.breaker).where(ours))).one_or_none()
    part = await read_part(connection, desk_id, strategy_id)
    if row is None:
        return Footing(strategy_id=strategy_id, part=part)
    breaker = CircuitBreaker.model_validate(row.breaker)
    strategy = Strategy.model_validate(row.config)
    return Footing(strategy_id=strategy_id, strategy=strategy, state=breaker.state, part=part)
