"""What is asked and said of a desk's cycles as a whole: the end of one, said for it, and how far the newest looked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import log
from trading.events import Event

_ENDED = text(
    """SELECT true FROM events WHERE desk_id = :desk_id AND aggregate_id = :cycle_id
    AND type IN ('CycleCompleted', 'CycleSkipped', 'CycleFailed')"""
)

_LOOKED_AT = text(
    """SELECT taken.data->>'as_of' FROM events taken JOIN events began USING (desk_id, aggregate_id)
    WHERE desk_id = :desk_id AND taken.type = 'SnapshotTaken' AND began.type = 'CycleStarted'
    AND coalesce(began.data->>'strategy_id', 'agents') = :strategy_id
    ORDER BY taken.sequence DESC LIMIT 1"""
)


async def end_cycle(connection: AsyncConnection, ended: Event) -> None:
    """Write the end, unless the cycle has written its own: it ends once."""
    await log.lock_log(connection, ended.desk_id)
    asked = {"desk_id": ended.desk_id, "cycle_id": ended.aggregate_id}
    if (await connection.execute(_ENDED, asked)).first() is None:
        await log.append(connection, [ended])


async def looked_at(connection: AsyncConnection, desk_id: str, strategy_id: str) -> datetime | None:
    """The moment that the newest snapshot of a strategy's cycles is of."""
    asked = {"desk_id": desk_id, "strategy_id": strategy_id}
    found = (await connection.execute(_LOOKED_AT, asked)).scalar_one_or_none()
    return None if found is None else datetime.fromisoformat(found)
