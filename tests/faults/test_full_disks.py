"""A disk that is full: for the books, and for Temporal's own file.

The disk is a small file system in memory that the test mounts, so that the servers meet what a full disk says: ENOSPC
from the kernel, at whatever they write. Postgres refuses statements, or crashes when it cannot write its log ahead.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from adapters.paper_broker import PaperBroker
from adapters.postgres.engine import application_engine, transaction
from adapters.postgres.migrations import migrate
from adapters.temporal.connection import add_missing_search_attributes
from adapters.temporal.plugin import DeskPlugin
from embedded.errors import ServerFailed
from embedded.home import Home
from embedded.postgres import PostgresServer
from embedded.temporal import NAMESPACE, TemporalServer
from tests.conftest import free_port, owner_of
from tests.faults.load import Load, under_load
from tests.faults.proving import more, tell
from tests.faults.rival import owners_connection
from tests.faults.volume import Volume, small_volume
from tests.faults.watching import ANSWERED, all_watched
from tests.rig import Ports, serving
from trading.orders import PROTECTIVE
from trading.ports import Broker
from workflows import policies, search_attributes

pytestmark = pytest.mark.soak
SEED = 20261122
STREAMS = 3
# Eight megabytes each: as much as its log may grow before Postgres begins it anew.
MOST_MESSAGES = 128
WRITTEN = text("SELECT client_order_id, recorded_at FROM orders")


@pytest.fixture
def volume() -> Iterator[Volume]:
    """Room for a small database and its log ahead."""
    with small_volume(512) as mounted:
        yield mounted


@pytest.fixture
async def cramped(volume: Volume, tmp_path: Path) -> AsyncIterator[PostgresServer]:
    """A migrated Postgres on the small volume; what it says is kept elsewhere."""
    home = Home(volume.path / "home")
    home.prepare()
    home.log_of(PostgresServer.name).symlink_to(tmp_path / "postgres.log")
    server = PostgresServer(home, free_port(), disposable=True)
    await server.start()
    await migrate(owner_of(server))
    yield server
    await server.remove()


@pytest.mark.timeout(900)
async def test_no_order_is_sent_whose_intent_could_not_be_written(
    temporal: WorkflowEnvironment, cramped: PostgresServer, volume: Volume, engine: AsyncEngine, sample_data: Path
) -> None:
    """The broker's book is on another server: it takes what it is sent, however full the disk of the books is."""
    chance, counts = Random(SEED), Counter[str]()
    books = application_engine(owner_of(cramped))
    real = Ports.real(books, sample_data)
    real = real.but(broker=PaperBroker(engine, real.market))
    ports = all_watched(real, counts)
    async with (
        kept_up(cramped) as starts,
        serving(temporal.client, ports),
        under_load(temporal.client, STREAMS) as load,
    ):
        for number in range(20):
            await more(lambda: counts[ANSWERED], by=STREAMS)
            await asyncio.sleep(chance.uniform(0, 2))
            async with volume.full():
                await more(lambda: counts.total() - counts[ANSWERED], by=1)
                if number % 4 == 3:
                    await _use_up_the_log(cramped)
                await asyncio.sleep(chance.uniform(0, 1))
        back_at = time.monotonic()
    load.told(f"seed {SEED}: disk full 20 times, calls {dict(counts)}, started anew: {dict(starts)}", since=back_at)
    assert counts["53100"]
    assert await sent_unwritten(books, real.broker, load) == []
    assert [*await load.wrongs(real), *load.failures()] == []
    await books.dispose()


@asynccontextmanager
async def kept_up(server: PostgresServer | TemporalServer) -> AsyncIterator[Counter[str]]:
    """Start a server again whenever it has ended, as the desk's own keeper does; how often."""
    starts = Counter[str]()

    async def keep() -> None:
        while True:
            await asyncio.sleep(0.2)
            if server.pid is None:
                try:
                    await server.start()
                    starts["done"] += 1
                except ServerFailed:
                    starts["failed"] += 1  # its disk is full still

    keeper = asyncio.create_task(keep())
    try:
        yield starts
    finally:
        keeper.cancel()
        await asyncio.wait([keeper])


async def sent_unwritten(books: AsyncEngine, broker: Broker, load: Load) -> list[str]:
    """Orders that the broker had before their intent was in the books, by the one clock of this machine."""
    async with transaction(books) as connection:
        written = {row.client_order_id: row.recorded_at for row in await connection.execute(WRITTEN)}
    held = [order for desk_id in load.reports for order in await broker.orders(desk_id) if order.leg not in PROTECTIVE]
    tell(f"{len(held)} orders at the broker")
    return [
        f"{order.client_order_id}: at the broker {order.received_at}, in the books {written.get(order.client_order_id)}"
        for order in held
        if order.client_order_id not in written or order.received_at < written[order.client_order_id]
    ]


async def _use_up_the_log(server: PostgresServer) -> None:
    """Let Postgres need a new segment of its log, for which there is no room: that ends it."""
    try:
        owner = await owners_connection(owner_of(server))
        for _ in range(MOST_MESSAGES):
            await owner.fetchval("SELECT pg_logical_emit_message(false, 'filler', repeat('x', 8000000))")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return


@pytest.mark.timeout(900)
async def test_every_cycle_goes_on_after_temporals_disk_was_full(
    volume: Volume, engine: AsyncEngine, sample_data: Path, tmp_path: Path
) -> None:
    chance = Random(SEED)
    home = Home(tmp_path / "temporal")
    home.prepare()
    home.temporal.symlink_to(volume.path / "temporal.db")
    server, log = TemporalServer(home, free_port()), home.log_of(TemporalServer.name)
    await server.start()
    client = await Client.connect(server.address, namespace=NAMESPACE, plugins=[DeskPlugin()])
    await add_missing_search_attributes(client, (*search_attributes.KEYWORDS, *search_attributes.KEYWORD_LISTS))
    real, counts = Ports.real(engine, sample_data), Counter[str]()
    ports = all_watched(real, counts)
    sticky = {"sticky_queue_schedule_to_start_timeout": policies.STICKY}
    async with kept_up(server) as starts, serving(client, ports, **sticky), under_load(client, STREAMS) as load:
        for _ in range(5):
            await more(lambda: counts[ANSWERED], by=STREAMS)
            await asyncio.sleep(chance.uniform(0, 2))
            async with volume.full():
                await more(lambda: _complaints(log), by=1)
                await asyncio.sleep(chance.uniform(0, 3))
        back_at = time.monotonic()
    load.told(
        f"seed {SEED}: Temporal's disk full 5 times, {_complaints(log)} complaints, started anew: {dict(starts)}",
        since=back_at,
    )
    await server.stop()
    assert await sent_unwritten(engine, real.broker, load) == []
    assert [*await load.wrongs(real), *load.failures()] == []


def _complaints(log: Path) -> int:
    return log.read_text(errors="replace").count("disk is full")
