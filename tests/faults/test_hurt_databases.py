"""Postgres that crashes, loses its connections, or commits and does not say so."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from random import Random

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from adapters.postgres.engine import Database, application_engine
from embedded.postgres import PostgresServer
from tests.conftest import owner_of
from tests.faults.load import under_load
from tests.faults.relay import Relay
from tests.rig import Ports, serving
from workflows import policies

SEED = 20261122
STREAMS = 3


async def crash(server: PostgresServer) -> float:
    """Kill it and start it again; how long it was away, in seconds."""
    began = time.monotonic()
    await server.kill()
    await server.start()
    return time.monotonic() - began


@pytest.mark.parametrize(
    "crashes", [pytest.param(3, marks=pytest.mark.faults), pytest.param(10, marks=pytest.mark.soak)]
)
async def test_a_crash_of_postgres_loses_nothing_that_was_committed(
    temporal: WorkflowEnvironment, frail: PostgresServer, sample_data: Path, crashes: int
) -> None:
    chance, away = Random(SEED), []
    engine = application_engine(owner_of(frail))
    ports = Ports.real(engine, sample_data)
    sticky = {"sticky_queue_schedule_to_start_timeout": policies.STICKY}
    streams = min(crashes, STREAMS)
    async with serving(temporal.client, ports, **sticky), under_load(temporal.client, streams) as load:
        for _ in range(crashes):
            await asyncio.sleep(chance.uniform(0.5, 2.5))
            away.append(await crash(frail))
        back_at = time.monotonic()
    load.told(f"seed {SEED}: {crashes} crashes of Postgres, away for at most {max(away):.1f} s", since=back_at)
    assert [*await load.wrongs(ports), *load.failures()] == []
    await engine.dispose()


@pytest.mark.faults
@pytest.mark.parametrize("ends", [30, pytest.param(200, marks=pytest.mark.soak)])
async def test_connections_that_postgres_ends_cost_no_more_than_another_try(
    temporal: WorkflowEnvironment, database: Database, engine: AsyncEngine, sample_data: Path, ends: int
) -> None:
    chance, ended = Random(SEED), {"idle": 0, "at work": 0}
    ports = Ports.real(engine, sample_data)
    owner = await connect(database)
    async with serving(temporal.client, ports), under_load(temporal.client, STREAMS) as load:
        while sum(ended.values()) < ends:
            await asyncio.sleep(chance.uniform(0.05, 0.2))
            if (was := await end_one(owner, database.name)) is not None:
                ended[was] += 1
        back_at = time.monotonic()
    await owner.close()
    load.told(f"seed {SEED}: connections ended {ended}", since=back_at)
    assert [*await load.wrongs(ports), *load.failures()] == []


@pytest.mark.faults
@pytest.mark.parametrize("answers", [10, pytest.param(100, marks=pytest.mark.soak)])
async def test_a_commit_whose_answer_is_lost_is_repeated_without_effect(
    temporal: WorkflowEnvironment, database: Database, engine: AsyncEngine, sample_data: Path, answers: int
) -> None:
    relay = Relay(database.host, database.port, every=13)
    async with relay.listening() as port:
        lossy = application_engine(database.model_copy(update={"port": port}))
        ports = Ports.real(lossy, sample_data)
        async with serving(temporal.client, ports), under_load(temporal.client, STREAMS) as load:
            await relay.cut_often(answers)
            back_at = time.monotonic()
        await lossy.dispose()
    load.told(f"{relay.cut} answers to COMMIT lost", since=back_at)
    assert [*await load.wrongs(Ports.real(engine, sample_data)), *load.failures()] == []


async def connect(database: Database) -> asyncpg.Connection[asyncpg.Record]:
    """The owner's connection, to another database: it does not end itself."""
    password = database.password.get_secret_value()
    return await asyncpg.connect(
        host=database.host, port=database.port, user=database.user, password=password, database="postgres"
    )


async def end_one(owner: asyncpg.Connection[asyncpg.Record], name: str) -> str | None:
    """End one connection to a database, one at work if there is any; what it was doing."""
    found = await owner.fetchrow(
        "SELECT pid, state FROM pg_stat_activity WHERE datname = $1 ORDER BY state = 'idle', random() LIMIT 1", name
    )
    if found is None or not await owner.fetchval("SELECT pg_terminate_backend($1)", found["pid"]):
        return None
    return "idle" if found["state"] == "idle" else "at work"
