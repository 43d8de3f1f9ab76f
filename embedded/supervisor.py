"""Runs both servers as long as their owner lives, and tells other processes where they answer."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol

import psutil
import structlog
from pydantic import AwareDatetime, BaseModel

from embedded.errors import BadHome, EmbeddedError
from embedded.home import Home, write_whole
from embedded.place import sweep
from embedded.ports import PortChoice, choose_ports
from embedded.postgres import Database, PostgresServer
from embedded.temporal import NAMESPACE, TemporalServer

WATCH_SECONDS = 0.5
PAUSE_SECONDS = (1.0, 5.0, 15.0, 60.0)  # after each start that failed; the last one repeats

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class ServerProcess(BaseModel, frozen=True):
    """One server's process; `started_at` tells it from a later process that got the same id."""

    name: str
    pid: int
    started_at: AwareDatetime


class Endpoints(BaseModel, frozen=True):
    """Where a running desk's servers answer, who owns them since when, and which processes they are."""

    temporal_address: str
    temporal_namespace: str = NAMESPACE
    ui_url: str | None
    database: Database
    pid: int
    started_at: AwareDatetime
    servers: tuple[ServerProcess, ...]


class Server(Protocol):
    """What the supervisor knows of a server."""

    name: str

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""

    async def start(self) -> None:
        """Start it and wait until it answers."""


@asynccontextmanager
async def serve(
    home: Path, *, ports: PortChoice | None = None, ui: bool = True, testing: bool = False
) -> AsyncIterator[Endpoints]:
    """Own a home and run its Temporal server and its database until the block ends; from the main thread.

    A server that ends unasked is started again at the same address. `testing` trades safety at a power cut for speed,
    and lets workflow clocks be moved. Errors: `AlreadyRunning`, `BadHome`, `PortInUse`, `ServerFailed`.
    """
    folder = Home(home)
    folder.prepare()
    with folder.owned():
        folder.endpoints.unlink(missing_ok=True)
        chosen = choose_ports(ports or PortChoice(), folder.ports)
        temporal = TemporalServer(folder, chosen.temporal, ui_port=chosen.ui if ui else None, time_skipping=testing)
        postgres = PostgresServer(folder, chosen.database, disposable=testing)
        tasks = [asyncio.create_task(asyncio.to_thread(sweep))]
        try:
            await _start_all(temporal, postgres)
            publish = partial(_publish, folder, temporal, postgres)
            tasks.append(asyncio.create_task(_keep_up((temporal, postgres), publish)))
            yield publish()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            folder.endpoints.unlink(missing_ok=True)
            await asyncio.gather(temporal.stop(), postgres.stop())


def running(home: Path) -> Endpoints | None:
    """The endpoints of the process that owns a home now; None when nobody does, or it has not finished starting."""
    folder = Home(home)
    owner = folder.owner()
    if owner is None:
        return None
    try:
        said = json.loads(folder.endpoints.read_text())
        said["database"]["password"] = folder.read(folder.password)
        endpoints = Endpoints.model_validate(said)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise BadHome(f"{folder.endpoints} is damaged: stop process {owner} and start again") from error
    return endpoints if endpoints.pid == owner else None


async def _start_all(*servers: Server) -> None:
    """Start the servers side by side; the first failure is raised when all have come to an end of it."""
    outcomes = await asyncio.gather(*(server.start() for server in servers), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome


async def _keep_up(servers: tuple[Server, ...], publish: Callable[[], Endpoints]) -> None:
    """Start the servers again that have ended unasked."""
    failures = 0
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        ended = [server for server in servers if server.pid is None]
        if not ended:
            continue
        log.error("servers ended unasked, starting them again", servers=[server.name for server in ended])
        try:
            await _start_all(*ended)
        except (EmbeddedError, OSError) as error:
            log.error("a server does not start", reason=str(error))  # noqa: TRY400  one line
            await asyncio.sleep(PAUSE_SECONDS[min(failures, len(PAUSE_SECONDS) - 1)])
            failures += 1
        else:
            failures = 0
            publish()


def _publish(folder: Home, temporal: TemporalServer, postgres: PostgresServer) -> Endpoints:
    """Write down for other processes where the servers answer, without the password."""
    endpoints = Endpoints(
        temporal_address=temporal.address,
        ui_url=temporal.ui_url,
        database=postgres.database,
        pid=os.getpid(),
        started_at=_started_at(os.getpid()),
        servers=tuple(
            ServerProcess(name=server.name, pid=server.pid, started_at=_started_at(server.pid))
            for server in (temporal, postgres)
            if server.pid is not None
        ),
    )
    write_whole(folder.endpoints, endpoints.model_dump_json(indent=2))
    return endpoints


def _started_at(pid: int) -> datetime:
    return datetime.fromtimestamp(psutil.Process(pid).create_time(), UTC)
