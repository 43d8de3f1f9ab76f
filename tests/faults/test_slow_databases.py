"""A database that does not answer in time: no connection is free, a lock is held for long, the server is frozen."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random

import asyncpg
import psutil
import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio.testing import WorkflowEnvironment

from adapters.postgres.engine import Patience, application_engine
from embedded.postgres import PostgresServer
from tests.conftest import owner_of
from tests.faults.load import under_load
from tests.faults.proving import more
from tests.faults.rival import owners_connection
from tests.faults.watching import ANSWERED, all_watched, watched
from tests.rig import Ports, serving, until

SEED = 20261122
STREAMS = 3
POOL_SIZE = 3
CONNECTIONS = 2 * POOL_SIZE
# A third of what the desk waits for: what is hurt stays so for longer than that. With still less a machine that does
# much else would hurt every transaction by itself, and no cycle would ever end.
SHORT = Patience(command=2, pool=2)
OURS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'trading-desk'"
Hurt = Callable[[PostgresServer, AsyncEngine], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def exhausted(server: PostgresServer, engine: AsyncEngine) -> AsyncIterator[None]:
    """Somebody of ours has every connection of the pool."""
    async with AsyncExitStack() as stack:
        for _ in range(CONNECTIONS):
            stack.push_async_callback((await _taken(engine)).close)
        yield


@asynccontextmanager
async def locked(server: PostgresServer, engine: AsyncEngine) -> AsyncIterator[None]:
    """Another session holds what every transaction of ours needs: its statements are slow."""
    other = await owners_connection(owner_of(server))
    async with other.transaction():
        await other.execute("LOCK TABLE system_state IN ACCESS EXCLUSIVE MODE")
        yield
    await other.close()


@asynccontextmanager
async def frozen(server: PostgresServer, engine: AsyncEngine) -> AsyncIterator[None]:
    """Every process of the server stands still; the kernel goes on taking connections for it."""
    assert server.pid is not None
    postmaster = psutil.Process(server.pid)
    postmaster.suspend()  # first: no child is made from here on
    children = postmaster.children(recursive=True)
    try:
        _signal(children, signal.SIGSTOP)
        yield
    finally:
        _signal([postmaster, *children], signal.SIGCONT)


@pytest.mark.faults
@pytest.mark.timeout(600)
@pytest.mark.parametrize("times", [3, pytest.param(20, marks=pytest.mark.soak)])
@pytest.mark.parametrize("hurt", [exhausted, locked, frozen])
async def test_a_database_that_does_not_answer_in_time_is_asked_again_and_no_connection_is_lost(
    temporal: WorkflowEnvironment, frail: PostgresServer, sample_data: Path, hurt: Hurt, times: int
) -> None:
    chance, counts = Random(SEED), Counter[str]()
    engine = application_engine(owner_of(frail), pool_size=POOL_SIZE, patience=SHORT)
    real = Ports.real(engine, sample_data)
    # The paper broker stands on this database too: when all streams are with it, nobody else is given up.
    ports = all_watched(real, counts).but(broker=watched(real.broker, counts))
    async with serving(temporal.client, ports), under_load(temporal.client, STREAMS) as load:
        for _ in range(times):
            await more(lambda: len(load.ended_at), by=1)  # short faults, not one of as many minutes
            await asyncio.sleep(chance.uniform(0, 1))
            async with hurt(frail, engine):
                await more(lambda: counts.total() - counts[ANSWERED], by=1)
        back_at = time.monotonic()
    load.told(f"seed {SEED}: {times} times {hurt.__name__}, calls {dict(counts)}", since=back_at)
    assert [*await load.wrongs(real), *load.failures()] == []
    await _all_given_back(frail, engine)


async def _all_given_back(server: PostgresServer, engine: AsyncEngine) -> None:
    """Wait until Postgres has no more connections of ours than the pool keeps, and none once it is closed."""
    owner = await owners_connection(owner_of(server))
    try:
        assert engine.pool.status().endswith("Current Checked out connections: 0")
        await _at_most(owner, CONNECTIONS)
        await engine.dispose()
        await _at_most(owner, 0)
    finally:
        await owner.close()


async def _at_most(owner: asyncpg.Connection[asyncpg.Record], number: int) -> None:
    async def few() -> bool:
        return int(await owner.fetchval(OURS)) <= number

    async with asyncio.timeout(10):
        await until(few)


async def _taken(engine: AsyncEngine) -> AsyncConnection:
    while True:
        try:
            return await engine.connect()
        except PoolTimeoutError:
            await asyncio.sleep(0)


def _signal(processes: list[psutil.Process], what: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(what)
        except psutil.NoSuchProcess:
            continue  # a connection's process ends when it likes
