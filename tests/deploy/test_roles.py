"""The roles of a new database, made by the real psql from the file that the image runs."""

from __future__ import annotations

import asyncpg
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from adapters.postgres.engine import Database, application_engine, reader_engine, transaction
from adapters.postgres.migrations import migrate
from tests.deploy.conftest import TEMPORALS, WORKERS
from trading.errors import BadConfiguration


@pytest.fixture(scope="module")
async def fresh(empty: Database) -> Database:
    """Migrated by its owner after the roles were made."""
    await migrate(empty)
    return empty


def worker_of(owner: Database, password: str = WORKERS) -> Database:
    return owner.model_copy(update={"user": "trading_worker", "password": SecretStr(password)})


async def statement(database: Database, words: str) -> str | None:
    engine = application_engine(database, pool_size=1)
    try:
        async with transaction(engine) as connection:
            found = await connection.execute(text(words))
            return str(found.scalar()) if found.returns_rows else None
    finally:
        await engine.dispose()


async def test_the_workers_role_works_as_the_application(fresh: Database) -> None:
    assert (
        await statement(worker_of(fresh), "SELECT current_user || ' ' || session_user") == "trading_app trading_worker"
    )
    assert await statement(worker_of(fresh), "SELECT count(*) FROM events") == "0"


async def test_the_workers_role_may_come_as_the_reader_who_sees_views_alone(fresh: Database) -> None:
    engine = reader_engine(worker_of(fresh), seconds=2)
    async with transaction(engine) as connection:
        role = "SELECT current_user || ' ' || session_user || ' ' || count(*) FROM events"
        assert (await connection.execute(text(role))).scalar() == "trading_reader trading_worker 0"
    with pytest.raises(BadConfiguration, match="refuses the permission"):
        async with transaction(engine) as connection:
            await connection.execute(text("SELECT * FROM public.events"))
    await engine.dispose()


@pytest.mark.parametrize(
    "words",
    [
        "DELETE FROM events",
        "UPDATE fills SET price = 1",
        "ALTER TABLE events DISABLE TRIGGER ALL",
        "SET ROLE postgres",
        "CREATE TABLE mine (a int)",
        "CREATE ROLE mine SUPERUSER",
    ],
)
async def test_the_workers_role_cannot_become_more(fresh: Database, words: str) -> None:
    with pytest.raises(BadConfiguration, match="refuses the permission"):
        await statement(worker_of(fresh), words)


async def test_a_wrong_password_is_refused(fresh: Database) -> None:
    with pytest.raises(BadConfiguration, match="refuses the password"):
        await statement(worker_of(fresh, password="guessed"), "SELECT 1")  # noqa: S106  nobody's


@pytest.mark.parametrize(
    ("user", "password", "database"),
    [("temporal", TEMPORALS, "trading"), ("trading_worker", WORKERS, "temporal")],
)
async def test_temporal_and_the_workers_do_not_see_each_other(
    fresh: Database, user: str, password: str, database: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for database"):
        await asyncpg.connect(host=fresh.host, port=fresh.port, user=user, password=password, database=database)


async def test_temporal_owns_its_databases(fresh: Database) -> None:
    for name in ("temporal", "temporal_visibility"):
        connection = await asyncpg.connect(
            host=fresh.host, port=fresh.port, user="temporal", password=TEMPORALS, database=name
        )
        await connection.execute("CREATE TABLE schema_version (a int)")
        await connection.close()
