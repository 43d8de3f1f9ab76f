"""The API on its port: in a process of its own, or beside a desk that is up."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from settings import WebSettings
from trading.errors import BadConfiguration
from web.access import Door, is_loopback
from web.app import create_app
from web.connections import MOST_HEAD_BYTES, Patience, patient
from web.desk import WebDesk

PORT = 8000
BACKLOG = 64
KEEP_ALIVE_SECONDS = 15
PATIENCE = Patience()
GRACE_SECONDS = 3
LOOK_SECONDS = 0.02


def door_of(web: WebSettings, host: str) -> Door:
    """Where it listens, and how it is called there."""
    names = frozenset(word.strip().lower() for word in web.names.split(",") if word.strip())
    return Door(host, names if is_loopback(host) else names | {host.lower()} if names else names)


@asynccontextmanager
async def serving_web(
    at: WebDesk,
    host: str,
    port: int,
    *,
    registries: Sequence[CollectorRegistry] = (),
    patience: Patience = PATIENCE,
) -> AsyncIterator[str]:
    """Serve until the block is left; its address. `registries` are those of `create_app`.

    Raises BadConfiguration for a port in use, and an open door.
    """
    if not is_loopback(host) and not await at.tokens.guards():
        message = f"{host} is not this machine alone: make a token first (starter.py token create), or leave --host out"
        raise BadConfiguration(message)
    app = create_app(at, door_of(at.settings.web, host), registries=registries)
    with bound(host, port) as listener:
        server = _Server(_config(app, patience))
        running = asyncio.create_task(server.serve([listener]))
        try:
            while not server.started and not running.done():  # noqa: ASYNC110  it tells only who asks
                await asyncio.sleep(LOOK_SECONDS)
            yield f"http://{_shown(host)}:{listener.getsockname()[1]}"
        finally:
            app.state.listeners.closing.set()
            server.should_exit = True
            await running


class _Server(uvicorn.Server):
    """A server that leaves signals to the process, which has handlers of its own."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none."""
        yield


def _config(app: FastAPI, patience: Patience) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=patient(patience),
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        ws="none",
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        h11_max_incomplete_event_size=MOST_HEAD_BYTES,
    )


def bound(host: str, port: int) -> socket.socket:
    """The port, taken before anything is said of it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # What is accepted here has it from here. An answer is written in two parts: without it the second waits 40 ms for
    # the word that the first has come.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((host.strip("[]"), port))
    except OSError as error:
        listener.close()
        why = f"{error.strerror or error} (WEB_HOST, WEB_PORT)"
        raise BadConfiguration(f"cannot listen at {host}:{port}: {why}") from error
    return listener


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
