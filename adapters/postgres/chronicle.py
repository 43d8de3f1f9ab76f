"""What was said in past cycles, and what replays took, in Postgres. Only reads."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.types import Text

from adapters.postgres.engine import transaction
from trading.events import Event
from trading.whatif import Paid

_EVENTS = text("SELECT * FROM events WHERE desk_id = :desk_id AND aggregate_id = :cycle_id ORDER BY position")
_PAID = text(
    """
    SELECT ARRAY(SELECT call_id FROM model_calls WHERE cycle_id = :cycle_id ORDER BY call_id) AS call_ids,
        (SELECT coalesce(sum(counted_usd), 0) FROM model_spend WHERE cycle_id = :cycle_id) AS usd
    """
)
_DESK = text("SELECT desk_id FROM events WHERE aggregate_id = :cycle_id LIMIT 1")
# What counts against a budget, of all tries and of whoever asked the same; what is free is in the journal alone.
_COSTS = text(
    """
    SELECT c.call_id, coalesce(s.usd, c.cost_usd) AS usd FROM model_calls c LEFT JOIN (
        SELECT call_id, sum(counted_usd) AS usd FROM model_spend WHERE call_id = ANY(:call_ids) GROUP BY call_id
    ) s USING (call_id) WHERE c.call_id = ANY(:call_ids) AND coalesce(s.usd, c.cost_usd) IS NOT NULL
    """
).bindparams(bindparam("call_ids", type_=ARRAY(Text)))


class PostgresChronicle:
    """The port `Chronicle`. Every method raises LedgerUnavailable when it should be called again."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def events(self, desk_id: str, cycle_id: str) -> tuple[Event, ...]:
        """A cycle's events, in their order."""
        asked = {"desk_id": desk_id, "cycle_id": cycle_id}
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(_EVENTS, asked)).mappings().all()
        return tuple(Event.model_validate({name: row[name] for name in Event.model_fields}) for row in rows)

    async def paid(self, replay_id: str) -> Paid:
        """The calls that a replay was first to make, and what counts of them."""
        async with transaction(self._engine) as connection:
            row = (await connection.execute(_PAID, {"cycle_id": replay_id})).mappings().one()
        return Paid(call_ids=tuple(row["call_ids"]), usd=row["usd"])

    async def desk_of(self, cycle_id: str) -> str | None:
        """Whose cycle it was; None of one that nobody knows."""
        async with transaction(self._engine) as connection:
            found: str | None = (await connection.execute(_DESK, {"cycle_id": cycle_id})).scalar_one_or_none()
        return found

    async def costs(self, call_ids: Sequence[str]) -> dict[str, Decimal]:
        """What these calls took, dollars, as far as their price is known or stands at its worst."""
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(_COSTS, {"call_ids": list(call_ids)})).all()
        return {row.call_id: row.usd for row in rows}
