"""Bringing a database to the schema of this code, and asking how far it is."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.engine import Database, owner_engine, transaction
from adapters.postgres.positions import rebuild_position
from adapters.postgres.tables import positions

MIGRATIONS = Path(__file__).parents[2] / "migrations"
# Any number will do, as long as nothing else in this database locks it.
_LOCK = 7_236_514


async def migrate(database: Database) -> str:
    """Upgrade to the newest revision and answer with it; nothing to do is fine, and so are two at once.

    All of it is one transaction: a migration that is killed half-way has not happened. Raises as `transaction` does.
    """
    engine = owner_engine(database)
    try:
        async with transaction(engine) as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            # A table in use is waited for shortly: behind this wait every other statement on it would queue up.
            await connection.execute(text("SET LOCAL lock_timeout = '2s'"))
            await connection.run_sync(_upgrade)
            await _count_lots(connection)
            return str(await connection.run_sync(_current))
    finally:
        await engine.dispose()


async def revision(engine: AsyncEngine) -> tuple[str | None, str]:
    """The revision of the database (None when it was never migrated) and the newest one of this code."""
    async with transaction(engine) as connection:
        current = await connection.run_sync(_current)
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    return current, str(head)


async def _count_lots(connection: AsyncConnection) -> None:
    """Count the positions anew that were booked before lots were kept: what they earned follows from the lots."""
    uncounted = select(positions.c.desk_id, positions.c.symbol).where(positions.c.lots.is_(None))
    for desk_id, symbol in (await connection.execute(uncounted)).all():
        await rebuild_position(connection, desk_id, symbol)


def _upgrade(connection: Connection) -> None:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    command.upgrade(config, "head")


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
