"""The strategies of a desk: each a row, which is what the newest `StrategyChanged` of it says."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import log
from adapters.postgres.tables import strategies
from trading.limits import Limits
from trading.strategy import ChangeRefused, Strategy, StrategyChange
from trading.strategy_events import strategy_changed


async def read_strategies(connection: AsyncConnection, desk_id: str) -> tuple[Strategy, ...]:
    """All of a desk, by name."""
    query = select(strategies.c.config).where(strategies.c.desk_id == desk_id).order_by(strategies.c.strategy_id)
    return tuple(Strategy.model_validate(config) for config in (await connection.execute(query)).scalars())


async def read_strategy(connection: AsyncConnection, desk_id: str, strategy_id: str) -> Strategy | None:
    """One of them."""
    ours = (strategies.c.desk_id == desk_id) & (strategies.c.strategy_id == strategy_id)
    config = (await connection.execute(select(strategies.c.config).where(ours))).scalar_one_or_none()
    return None if config is None else Strategy.model_validate(config)


async def change_strategy(
    connection: AsyncConnection, change: StrategyChange, limits: Limits
) -> Strategy | ChangeRefused:
    """Write a change once, with its event, or say why not."""
    await log.lock_log(connection, change.desk_id)
    event, strategy = strategy_changed(change), change.strategy
    if await log.is_written(connection, event.event_id):
        return strategy
    loose = strategy.limits.looser_than(limits)
    if loose:
        return ChangeRefused(because=f"looser than the desk's: {', '.join(loose)}")
    ours = (strategies.c.desk_id == change.desk_id) & (strategies.c.strategy_id == strategy.strategy_id)
    if change.removed:
        await connection.execute(delete(strategies).where(ours))
    else:
        await save_strategy(connection, change.desk_id, strategy)
    await log.append(connection, [event])
    return strategy


async def save_strategy(connection: AsyncConnection, desk_id: str, strategy: Strategy) -> None:
    """Write what a strategy is."""
    config = strategy.model_dump(mode="json")
    row = insert(strategies).values(desk_id=desk_id, strategy_id=strategy.strategy_id, config=config)
    await connection.execute(
        row.on_conflict_do_update(index_elements=["desk_id", "strategy_id"], set_={"config": row.excluded.config})
    )
