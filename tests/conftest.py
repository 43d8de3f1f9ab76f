"""Real servers for every test: one Postgres for the run, a migrated database and a Temporal server for each test."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from playwright.async_api import Browser
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from adapters.postgres.engine import Database, Patience, application_engine
from adapters.postgres.migrations import migrate
from adapters.temporal.ending import leave
from embedded.home import Home
from embedded.postgres import PostgresServer
from tests import browser
from tests.servers import temporal_server

# How long an example takes says nothing on a machine that does much else.
settings.register_profile("desk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("desk")
SLOW = frozenset({"backtest", "console", "faults", "injections", "web", "workflows"})
"""The folders of whole cycles, commands, runs over the past, and the page; the others have rules and steps."""
LOOPBACK = ("127.", "::1", "localhost")
_numbers = count(1)
EXIT_CODE = pytest.StashKey[int]()


def pytest_configure() -> None:
    """Take SIGINT as it is: a shell that starts a job in the background makes all its children deaf to it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is slow by where it lies, before `-m` chooses."""
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).parts[0] in SLOW:
            item.add_marker(pytest.mark.slow)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the run as every process of ours ends, so that no native thread can spoil its exit code."""
    code = config.stash.get(EXIT_CODE, None)
    if code is not None and not hasattr(config, "workerinput"):
        leave(code)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[EXIT_CODE] = int(exitstatus)


@pytest.fixture(scope="session", autouse=True)
def only_loopback() -> Iterator[None]:
    """Refuse every connection that would leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if self.family in {socket.AF_INET, socket.AF_INET6} and not str(host).startswith(LOOPBACK):
            message = f"a test tried to reach {address}"
            raise AssertionError(message)
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(scope="session")
async def postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PostgresServer]:
    """A real Postgres for the whole run, its database migrated once."""
    home = Home(tmp_path_factory.mktemp("postgres"))
    home.prepare()
    server = PostgresServer(home, free_port(), disposable=True)
    await server.start()
    await migrate(owner_of(server))
    yield server
    await server.remove()


@pytest.fixture
async def database(postgres: PostgresServer) -> AsyncIterator[Database]:
    """An empty migrated database of its own."""
    fresh = await fresh_database(postgres)
    yield fresh
    await _as_owner(postgres, f"DROP DATABASE {fresh.name} WITH (FORCE)")


@pytest.fixture
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    """The application's connections to the test's database."""
    # Some tests ask fifty things at once, of ten connections: however long that takes, it is no failure.
    engine = application_engine(database, patience=Patience(connect=60, command=60, pool=60))
    yield engine
    await engine.dispose()


@pytest.fixture
async def temporal() -> AsyncIterator[WorkflowEnvironment]:
    """A real Temporal server in memory, with the desk's plugin and search attributes; its clocks can be skipped."""
    async with temporal_server() as environment:
        yield environment


@pytest.fixture
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    """A real Temporal server on which every workflow's clock jumps over its waits."""
    async with temporal_server(skipping=True) as environment:
        yield environment


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for the run; each test opens pages of its own in it."""
    async with browser.chromium() as one:
        yield one


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real daily bars beside the repository; tests that need all of it are skipped where it is absent."""
    folder = Path(__file__).parent.parent.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no folder of real bars at ../{folder.parent.name}/{folder.name}")
    return folder


@pytest.fixture(scope="session")
def sample_data() -> Path:
    """The sample of real daily bars that the repository carries."""
    return Path(__file__).parent.parent / "data"


async def fresh_database(postgres: PostgresServer) -> Database:
    """Copy the migrated template."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    await _as_owner(postgres, f"CREATE DATABASE {name} TEMPLATE {postgres.database.name}")
    return owner_of(postgres).model_copy(update={"name": name})


def owner_of(postgres: PostgresServer) -> Database:
    """The template itself, as its owner."""
    return Database.model_validate(postgres.database.model_dump() | {"password": postgres.database.password})


async def _as_owner(postgres: PostgresServer, statement: str) -> None:
    """Run one statement outside of the template, which must not be in use while it is copied."""
    owner = owner_of(postgres)
    connection = await asyncpg.connect(
        host=owner.host,
        port=owner.port,
        user=owner.user,
        password=owner.password.get_secret_value(),
        database="postgres",
    )
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
