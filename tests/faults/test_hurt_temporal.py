"""Kill -9 of the Temporal server in the midst of cycles."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from adapters.temporal.connection import add_missing_search_attributes
from adapters.temporal.plugin import DeskPlugin
from embedded.home import Home
from embedded.temporal import NAMESPACE, TemporalServer
from tests.conftest import free_port
from tests.faults.load import under_load
from tests.faults.proving import shown
from tests.rig import Ports, serving
from workflows import policies, search_attributes

SEED = 20261122
STREAMS = 3


@pytest.fixture
async def frail(tmp_path: Path) -> AsyncIterator[TemporalServer]:
    """A server on a file, that nobody else uses."""
    home = Home(tmp_path / "temporal")
    home.prepare()
    server = TemporalServer(home, free_port())
    await server.start()
    yield server
    await server.stop()


@pytest.mark.parametrize("kills", [pytest.param(4, marks=pytest.mark.faults), pytest.param(20, marks=pytest.mark.soak)])
async def test_every_cycle_goes_on_after_the_server_was_killed(
    frail: TemporalServer, engine: AsyncEngine, sample_data: Path, kills: int
) -> None:
    chance, away = Random(SEED), []
    client = await Client.connect(frail.address, namespace=NAMESPACE, plugins=[DeskPlugin()])
    await add_missing_search_attributes(client, (*search_attributes.KEYWORDS, *search_attributes.KEYWORD_LISTS))
    ports = Ports.real(engine, sample_data)
    sticky = {"sticky_queue_schedule_to_start_timeout": policies.STICKY}
    async with serving(client, ports, **sticky), under_load(client, min(kills, STREAMS)) as load:
        for _ in range(kills):
            await asyncio.sleep(chance.uniform(0.5, 3.0))
            await frail.kill()
            began = time.monotonic()
            await frail.start()
            away.append(time.monotonic() - began)
        back_at = time.monotonic()
    load.told(f"seed {SEED}: {kills} kills of the server, answers again after {shown(away)}", since=back_at)
    assert [*await load.wrongs(ports), *load.failures()] == []
