from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from temporalio.client import Client

from adapters.postgres.engine import Database, application_engine
from embedded.postgres import PostgresServer
from settings import WebSettings
from tests.conftest import fresh_database
from tests.rig import Ports, request, serving
from tests.rig import cycle as run_cycle
from tests.servers import temporal_server
from tests.web.api import Api, api, settings_of


@asynccontextmanager
async def worked(postgres: PostgresServer, sample_data: Path) -> AsyncIterator[tuple[Database, Client]]:
    """Empty books and a Temporal server of their own, with workers for all that a desk may do."""
    database = await fresh_database(postgres)
    async with AsyncExitStack() as stack:
        temporal = await stack.enter_async_context(temporal_server())
        engine = application_engine(database)
        stack.push_async_callback(engine.dispose)
        await stack.enter_async_context(serving(temporal.client, Ports.real(engine, sample_data)))
        yield database, temporal.client


@pytest.fixture(scope="module")
async def desk(postgres: PostgresServer, sample_data: Path) -> AsyncIterator[Api]:
    """The API of a desk that has run a cycle, with workers for all that may follow."""
    async with worked(postgres, sample_data) as (database, client):
        await run_cycle(client, request())
        async with api(database, client, settings_of(sample_data)) as made:
            yield made


@pytest.fixture(scope="module")
async def shown(desk: Api) -> AsyncIterator[Api]:
    """The same desk for a browser, which asks for all parts of a page at once, and here for one page after another."""
    at = desk.desk
    pace = WebSettings(requests_per_second=10_000, burst=100_000)
    async with api(at.found.database, at.client, at.settings.model_copy(update={"web": pace})) as quick:
        yield quick
