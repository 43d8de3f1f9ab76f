"""The embedded servers, with real processes: they serve, come back, and leave nothing behind."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import asyncpg
import psutil
import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from embedded import (
    AlreadyRunning,
    EmbeddedError,
    Endpoints,
    Home,
    PortChoice,
    PostgresServer,
    ServerFailed,
    TemporalServer,
    running,
    serve,
)
from embedded.place import Place, find_place, remove_place
from embedded.ports import choose_ports, is_free

ROOT = Path(__file__).parent.parent
OWNER = """
import asyncio, sys
from pathlib import Path
from embedded import serve

async def own():
    async with serve(Path(sys.argv[1]), testing=True):
        print("serving", flush=True)
        await asyncio.sleep(600)

asyncio.run(own())
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home that does not exist yet. As root it lies in a closed folder, and its database outside."""
    folder = tmp_path / "desk"
    yield folder
    if folder.exists():
        remove_place(Home(folder))


@pytest.fixture
def open_home() -> Iterator[Path]:
    """A home that every account may pass through, so that the database lies in it for root, too."""
    parent = Path(tempfile.mkdtemp())
    parent.chmod(0o711)
    yield parent / "desk"
    shutil.rmtree(parent)


async def test_it_serves_both_and_leaves_nothing_behind(home: Path) -> None:
    prepared(home).endpoints.write_text("left half-writ")  # by some owner long dead
    async with serve(home, testing=True) as endpoints:
        client = await Client.connect(endpoints.temporal_address, namespace=endpoints.temporal_namespace)
        described = await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=client.namespace)
        )
        assert described.config.workflow_execution_retention_ttl.ToTimedelta() == timedelta(days=90)
        assert await asyncio.to_thread(_page_status, f"{endpoints.ui_url}/") == 200
        assert running(home) == endpoints
        assert endpoints.pid == os.getpid()
        await _secrets_are_kept(home, endpoints)
    assert not any(psutil.pid_exists(server.pid) for server in endpoints.servers)
    assert all(is_free(port) for port in _ports(endpoints))
    assert running(home) is None
    assert not (home / "lock").exists()
    assert not (home / "endpoints.json").exists()


async def _secrets_are_kept(home: Path, endpoints: Endpoints) -> None:
    """The database's password is in its own file only, and our environment reaches no server."""
    password = endpoints.database.password.get_secret_value()
    assert stat.S_IMODE((home / "postgres.password").stat().st_mode) == 0o600
    assert _holders(home, password) == ["postgres.password"]
    assert password not in repr(endpoints)
    for server in endpoints.servers:
        process = psutil.Process(server.pid)
        assert password not in " ".join(process.cmdline())
        assert process.environ().keys() == {"PATH", "LC_ALL", "TZ"}
    assert await _one(endpoints.database.url()) == 1
    with pytest.raises(asyncpg.InvalidPasswordError):
        await _one(endpoints.database.url().replace(password, "a-guess"))


async def test_a_second_owner_is_refused_with_the_first_ones_pid(home: Path) -> None:
    first = Home(home)
    first.prepare()
    with first.owned():
        with pytest.raises(AlreadyRunning, match=rf"already running on .*desk \(process {os.getpid()}\)"):
            async with serve(home, testing=True):
                pytest.fail("two owners")
        assert running(home) is None, "it owns the home, but serves nothing yet"
    with first.owned():
        assert first.owner() == os.getpid()


@pytest.mark.faults
async def test_a_killed_owner_leaves_no_server_and_the_next_finds_everything_where_it_was(open_home: Path) -> None:
    with _owner_of(open_home) as owner:
        before = running(open_home)
        assert before is not None
        assert before.pid == owner.pid
        await _write(before)
        owner.kill()
        await _gone([server.pid for server in before.servers])
    assert running(open_home) is None
    async with serve(open_home, testing=True) as after:
        assert _ports(after) == _ports(before)
        assert await _written(after) == (7, "RUNNING")


@pytest.mark.faults
async def test_ctrl_c_in_the_terminal_reaches_only_the_owner(home: Path) -> None:
    with _owner_of(home) as owner:
        endpoints = running(home)
        assert endpoints is not None
        assert {os.getsid(server.pid) for server in endpoints.servers} == {server.pid for server in endpoints.servers}
        owner.send_signal(signal.SIGINT)
        await asyncio.to_thread(owner.wait, 20)
        assert not any(psutil.pid_exists(server.pid) for server in endpoints.servers)
        assert not (home / "lock").exists()


@pytest.mark.faults
async def test_servers_that_a_dead_owner_left_behind_are_ended_before_new_ones_start(open_home: Path) -> None:
    async with serve(open_home, testing=True) as endpoints:
        commands = [psutil.Process(server.pid).cmdline() for server in endpoints.servers]
    place = find_place(Home(open_home))
    left_behind = [_untethered(command, user) for command, user in zip(commands, (None, place.user), strict=True)]
    await _listening(_ports(endpoints))
    async with serve(open_home, testing=True) as anew:
        await _until(lambda: all(process.poll() is not None for process in left_behind))
        assert not {process.pid for process in left_behind} & {server.pid for server in anew.servers}
        assert await _one(anew.database.url()) == 1


@pytest.mark.faults
async def test_a_server_that_dies_is_started_again_at_the_same_address(home: Path) -> None:
    async with serve(home, testing=True) as endpoints:
        await _write(endpoints)
        for server in endpoints.servers:
            os.kill(server.pid, signal.SIGKILL)
        now = await _restarted(home, endpoints)
        assert _ports(now) == _ports(endpoints)
        assert await _written(now) == (7, "RUNNING")


@pytest.mark.faults
async def test_each_server_can_be_killed_and_brought_back_by_itself(open_home: Path) -> None:
    folder = prepared(open_home)
    ports = choose_ports(PortChoice(), folder.ports)
    temporal = TemporalServer(folder, ports.temporal, time_skipping=True)
    postgres = PostgresServer(folder, ports.database, disposable=True)
    for server in (temporal, postgres):
        await server.start()
        first = server.pid
        await server.kill()
        assert not psutil.pid_exists(first or 0)
        await server.start()
        assert server.pid != first
        await server.stop()
        assert server.pid is None
    with _pid_file_misleads(find_place(folder)):
        await postgres.start()
        await postgres.stop()
    (find_place(folder).data / "PG_VERSION").write_text("9.6")
    words = r"postgres ended with exit code 1; it said last: .*9\.6.* \(more in .*postgres\.log\)"
    with pytest.raises(ServerFailed, match=words):
        await postgres.start()
    await postgres.remove()
    assert not find_place(folder).data.exists()


async def test_servers_start_only_from_the_main_thread(home: Path) -> None:
    server = TemporalServer(prepared(home), 20_000)
    with pytest.raises(EmbeddedError, match="main thread"):
        await asyncio.to_thread(asyncio.run, server.start())


def prepared(home: Path) -> Home:
    folder = Home(home)
    folder.prepare()
    return folder


@contextmanager
def _owner_of(home: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that owns a home and serves it."""
    command = [sys.executable, "-c", OWNER, str(home)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            while line := process.stdout.readline():
                if line == "serving\n":
                    break
            yield process
        finally:
            process.kill()


@contextmanager
def _pid_file_misleads(place: Place) -> Iterator[None]:
    """The database's pid file names a live process of its account, as it may after the machine was started again."""
    with subprocess.Popen(["/bin/sleep", "60"], user=place.user) as bystander:
        try:
            (place.data / "postmaster.pid").write_text(f"{bystander.pid}\n")
            yield
            assert bystander.poll() is None
        finally:
            bystander.kill()


def _untethered(command: list[str], user: str | None) -> subprocess.Popen[bytes]:
    """A server that no kernel ends with its owner, as on a system other than Linux."""
    return subprocess.Popen(command, user=user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def _one(url: str) -> object:
    connection = await asyncpg.connect(url, ssl=False)
    try:
        return await connection.fetchval("SELECT 1")
    finally:
        await connection.close()


async def _write(endpoints: Endpoints) -> None:
    """Leave something in both: a row, and a workflow that waits."""
    connection = await asyncpg.connect(endpoints.database.url(), ssl=False)
    await connection.execute("CREATE TABLE kept (number integer); INSERT INTO kept VALUES (7)")
    await connection.close()
    client = await Client.connect(endpoints.temporal_address, namespace=endpoints.temporal_namespace)
    await client.start_workflow("Nobody", id="waits", task_queue="nobody")


async def _written(endpoints: Endpoints) -> tuple[object, str]:
    connection = await asyncpg.connect(endpoints.database.url(), ssl=False)
    number = await connection.fetchval("SELECT number FROM kept")
    await connection.close()
    client = await Client.connect(endpoints.temporal_address, namespace=endpoints.temporal_namespace)
    status = (await client.get_workflow_handle("waits").describe()).status
    return number, status.name if status else "?"


async def _gone(pids: list[int]) -> None:
    await _until(lambda: not any(psutil.pid_exists(pid) for pid in pids))


async def _listening(ports: list[int]) -> None:
    await _until(lambda: not any(is_free(port) for port in ports))


async def _restarted(home: Path, before: Endpoints) -> Endpoints:
    def all_new() -> bool:
        now = running(home)
        return now is not None and not set(now.servers) & set(before.servers)

    await _until(all_new)
    now = running(home)
    assert now is not None
    return now


async def _until(happens: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not happens():  # noqa: ASYNC110  other processes set no event of ours
            await asyncio.sleep(0.02)


def _ports(endpoints: Endpoints) -> list[int]:
    addresses = [endpoints.temporal_address, *([endpoints.ui_url] if endpoints.ui_url else [])]
    return [*(int(address.rsplit(":", 1)[1]) for address in addresses), endpoints.database.port]


def _holders(folder: Path, secret: str) -> list[str]:
    """The files in a folder that hold a secret."""
    files = (path for path in folder.iterdir() if path.is_file())
    return [path.name for path in files if secret.encode() in path.read_bytes()]


def _page_status(url: str) -> int:
    with urllib.request.urlopen(url, timeout=10) as page:  # noqa: S310  our own loopback address
        return int(page.status)
