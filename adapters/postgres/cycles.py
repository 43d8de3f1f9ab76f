"""The end of a cycle, said for it by the desk."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import log
from trading.events import Event

_ENDED = text(
    """SELECT true FROM events WHERE desk_id = :desk_id AND aggregate_id = :cycle_id
    AND type IN ('CycleCompleted', 'CycleSkipped', 'CycleFailed')"""
)


async def end_cycle(connection: AsyncConnection, ended: Event) -> None:
    """Write the end, unless the cycle has written its own: it ends once."""
    await log.lock_log(connection, ended.desk_id)
    asked = {"desk_id": ended.desk_id, "cycle_id": ended.aggregate_id}
    if (await connection.execute(_ENDED, asked)).first() is None:
        await log.append(connection, [ended])
