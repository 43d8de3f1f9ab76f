"""What the log tells of moves that asked for a look."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import transaction
from trading.events import Event

_MOVES = text(
    """
    SELECT event_id, desk_id, aggregate_id, type, trace_id, occurred_at, data FROM events
    WHERE desk_id = :desk_id AND aggregate_id = :desk_id AND type = 'PriceMoved' AND occurred_at >= :since
    ORDER BY sequence
    """
)


class PostgresMoves:
    """The port `MoveLog`. Raises LedgerUnavailable when it should be asked again."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def moves(self, desk_id: str, since: datetime) -> tuple[Event, ...]:
        """Every move of a desk since a moment, oldest first; only the desk's own events are looked through."""
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(_MOVES, {"desk_id": desk_id, "since": since})).mappings()
            return tuple(Event.model_validate(dict(row)) for row in rows)
