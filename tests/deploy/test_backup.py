"""The backup that docs/operations.md tells of, by the real programs: the books are sound on the other side."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from adapters.postgres.engine import Database, application_engine, transaction
from adapters.postgres.reports import Reports
from console import ready
from tests.deploy.conftest import client_program
from tests.rig import Ports, cycle, findings, request, serving
from trading.docket import CycleOutcome
from trading.errors import BadConfiguration


def run(program: str, database: Database, *words: str) -> None:
    found = client_program(program)
    where = {"PGHOST": database.host, "PGPORT": str(database.port), "PGUSER": database.user}
    done = subprocess.run(
        [found, *words],
        env={**os.environ, **where, "PGPASSWORD": database.password.get_secret_value()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.faults
async def test_restored_books_are_the_same_and_as_well_guarded(
    temporal: WorkflowEnvironment, engine: AsyncEngine, database: Database, sample_data: Path, tmp_path: Path
) -> None:
    ports = Ports.real(engine, sample_data)
    async with serving(temporal.client, ports):
        assert (await cycle(temporal.client, request())).outcome is CycleOutcome.TRADED
    restored = database.model_copy(update={"name": f"{database.name}_restored"})
    dump = str(tmp_path / "books.dump")
    run("pg_dump", database, "--format", "custom", "--file", dump, database.name)
    run("createdb", database, restored.name)
    run("pg_restore", database, "--exit-on-error", "--dbname", restored.name, dump)
    second = application_engine(restored)
    try:
        await ready.migrations(second)
        assert await findings(Ports.real(second, sample_data)) == ()
        before, after = [await Reports(each, "main").events(limit=1000) for each in (engine, second)]
        assert len(before) > 20
        assert after == before
        with pytest.raises(BadConfiguration, match="refuses the permission"):
            async with transaction(second) as connection:
                await connection.execute(text("DELETE FROM events"))
    finally:
        await second.dispose()
        await drop(restored)


async def drop(database: Database) -> None:
    connection = await asyncpg.connect(
        host=database.host,
        port=database.port,
        user=database.user,
        password=database.password.get_secret_value(),
        database="postgres",
    )
    await connection.execute(f"DROP DATABASE {database.name} WITH (FORCE)")
    await connection.close()
