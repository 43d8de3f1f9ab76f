"""What waits for a person, read from the log: asked, and neither answered nor overtaken by the cycle's end."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import transaction
from trading.approvals import ApprovalAsked

_WAITING = text(
    """
    SELECT a.data || jsonb_build_object('desk_id', a.desk_id, 'cycle_id', a.aggregate_id, 'trace_id', a.trace_id)
        AS asked
    FROM events a WHERE a.type = 'ApprovalAsked' AND a.occurred_at > :since AND NOT EXISTS (
        SELECT FROM events e WHERE e.desk_id = a.desk_id AND e.aggregate_id = a.aggregate_id
        AND e.type IN ('ApprovalEnded', 'CycleCompleted', 'CycleSkipped', 'CycleFailed')
    ) ORDER BY a.occurred_at, a.aggregate_id
    """
)


class PostgresApprovals:
    """Questions about every desk of these books. Each raises as `transaction` does."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def waiting(self, since: datetime) -> tuple[ApprovalAsked, ...]:
        """What was asked since a moment and has no answer yet, the oldest first; its time may be over."""
        async with transaction(self._engine) as connection:
            found = await connection.execute(_WAITING, {"since": since})
            return tuple(ApprovalAsked.model_validate(row.asked) for row in found)
