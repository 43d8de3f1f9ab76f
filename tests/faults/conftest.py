"""Servers that a fault test may hurt."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from adapters.postgres.migrations import migrate
from embedded.home import Home
from embedded.postgres import PostgresServer
from embedded.temporal import FAST
from tests.conftest import free_port, owner_of
from tests.faults.lanes import Ground

LANES = 4


@pytest.fixture
async def ground(postgres: PostgresServer, sample_data: Path, tmp_path: Path) -> AsyncIterator[Ground]:
    """A Temporal server in memory with a namespace for each lane, on the run's Postgres."""
    arguments = [part for value in FAST for part in ("--dynamic-config-value", value)]
    for number in range(1, LANES + 1):
        arguments += ["--namespace", f"lane-{number}"]
    async with await WorkflowEnvironment.start_local(
        namespace="trading",
        dev_server_existing_path=str(Path(sys.executable).with_name("temporal")),
        dev_server_extra_args=arguments,
        dev_server_log_level="error",
    ) as environment:
        address = environment.client.service_client.config.target_host
        yield Ground(address, postgres, sample_data, tmp_path)


@pytest.fixture
async def frail(tmp_path: Path) -> AsyncIterator[PostgresServer]:
    """A migrated Postgres that nobody else uses."""
    home = Home(tmp_path / "postgres")
    home.prepare()
    server = PostgresServer(home, free_port(), disposable=True)
    await server.start()
    await migrate(owner_of(server))
    yield server
    await server.stop()
