"""The strategies of a desk: each a row, which is what the newest `StrategyChanged` of it says."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.tables import strategies
from trading.strategy import Strategy


async def read_strategies(connection: AsyncConnection, desk_id: str) -> tuple[Strategy, ...]:
    """All of a desk, by name."""
    query = select(strategies.c.config).where(strategies.c.desk_id == desk_id).order_by(strategies.c.strategy_id)
    return tuple(Strategy.model_validate(config) for config in (await connection.execute(query)).scalars())


async def read_strategy(connection: AsyncConnection, desk_id: str, strategy_id: str) -> Strategy | None:
    """One of them."""
    ours = (strategies.c.desk_id == desk_id) & (strategies.c.strategy_id == strategy_id)
    config = (await connection.execute(select(strategies.c.config).where(ours))).scalar_one_or_none()
    return None if config is None else Strategy.model_validate(config)


async def save_strategy(connection: AsyncConnection, desk_id: str, strategy: Strategy) -> None:
    """Write what a strategy is."""
    config = strategy.model_dump(mode="json")
    row = insert(strategies).values(desk_id=desk_id, strategy_id=strategy.strategy_id, config=config)
    await connection.execute(
        row.on_conflict_do_update(index_elements=["desk_id", "strategy_id"], set_={"config": row.excluded.config})
    )
