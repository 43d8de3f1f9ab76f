from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from adapters.postgres.engine import application_engine
from embedded.postgres import PostgresServer
from settings import WebSettings
from tests.conftest import fresh_database
from tests.rig import Ports, request, serving
from tests.rig import cycle as run_cycle
from tests.servers import temporal_server
from tests.web.api import Api, api, settings_of


@pytest.fixture(scope="module")
async def desk(postgres: PostgresServer, sample_data: Path) -> AsyncIterator[Api]:
    """The API of a desk that has run a cycle, with workers for all that may follow."""
    database = await fresh_database(postgres)
    async with AsyncExitStack() as stack:
        temporal = await stack.enter_async_context(temporal_server())
        engine = application_engine(database)
        stack.push_async_callback(engine.dispose)
        await stack.enter_async_context(serving(temporal.client, Ports.real(engine, sample_data)))
        await run_cycle(temporal.client, request())
        yield await stack.enter_async_context(api(database, temporal.client, settings_of(sample_data)))


@pytest.fixture(scope="module")
async def shown(desk: Api) -> AsyncIterator[Api]:
    """The same desk for a browser, which asks for all parts of a page at once, and here for one page after another."""
    at = desk.desk
    pace = WebSettings(requests_per_second=10_000, burst=100_000)
    async with api(at.found.database, at.client, at.settings.model_copy(update={"web": pace})) as quick:
        yield quick
