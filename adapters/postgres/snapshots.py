"""Market snapshots in Postgres, by the hash of what was seen."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import transaction
from adapters.postgres.tables import snapshots
from trading.errors import BooksDisagree
from trading.market import Snapshot


class PostgresSnapshots:
    """The port `Snapshots`. Desks that saw the same market share the row."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def keep(self, desk_id: str, snapshot: Snapshot) -> None:  # noqa: ARG002  the market is no desk's own
        """Store a snapshot; the first one kept stays."""
        row = {
            "snapshot_id": snapshot.snapshot_id,
            **snapshot.model_dump(include={"provider", "adjustment", "synthetic", "as_of", "taken_at"}),
            "body": snapshot.model_dump(mode="json"),
        }
        async with transaction(self._engine) as connection:
            await connection.execute(insert(snapshots).values(row).on_conflict_do_nothing())

    async def load(self, snapshot_id: str) -> Snapshot:
        """Read one back. Raises BooksDisagree when it is not there, or no longer what was hashed."""
        query = select(snapshots.c.body).where(snapshots.c.snapshot_id == snapshot_id)
        async with transaction(self._engine) as connection:
            body = (await connection.execute(query)).scalar_one_or_none()
        if body is None:
            raise BooksDisagree(f"no snapshot {snapshot_id} was stored")
        snapshot = Snapshot.model_validate(body)
        if snapshot.snapshot_id != snapshot_id:
            raise BooksDisagree(f"snapshot {snapshot_id} is not what was stored under its hash")
        return snapshot
