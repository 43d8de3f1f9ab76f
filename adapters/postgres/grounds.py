"""What past cycles decided from, in Postgres, so that they can be decided again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import transaction
from adapters.postgres.memory_tables import cycle_grounds
from trading.errors import BooksDisagree
from trading.events import storable
from trading.steps import Grounds

_of = cycle_grounds.c


class PostgresGrounds:
    """The port `GroundsKept`. Every method raises LedgerUnavailable when it should be called again."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def keep(self, grounds: Grounds) -> None:
        """Keep a cycle's grounds. Keeping them twice keeps the first."""
        row = {
            "cycle_id": grounds.cycle.cycle_id,
            "desk_id": grounds.cycle.desk_id,
            "strategy_id": grounds.opening.strategy.strategy_id,
            "as_of": grounds.opening.as_of,
            "grounds": storable(grounds.model_dump(mode="json")),
        }
        async with transaction(self._engine) as connection:
            await connection.execute(insert(cycle_grounds).values(row).on_conflict_do_nothing())

    async def load(self, desk_id: str, cycle_id: str) -> Grounds:
        """Those of one cycle. Raises BooksDisagree when they are not there."""
        query = select(_of.grounds).where(_of.desk_id == desk_id, _of.cycle_id == cycle_id)
        async with transaction(self._engine) as connection:
            found = (await connection.execute(query)).scalar_one_or_none()
        if found is None:
            raise BooksDisagree(f"no grounds of cycle {cycle_id} were kept")
        return Grounds.model_validate(found)

    async def cycles(self, desk_id: str, since: datetime, until: datetime) -> tuple[str, ...]:
        """The cycles that reasoned about a moment from `since` up to, not at, `until`; oldest first."""
        within = (_of.desk_id == desk_id, _of.as_of >= since, _of.as_of < until)
        query = select(_of.cycle_id).where(*within).order_by(_of.as_of, _of.cycle_id)
        async with transaction(self._engine) as connection:
            return tuple((await connection.execute(query)).scalars())
