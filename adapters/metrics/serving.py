"""Where a process tells its numbers: its own at one port, those of Temporal's library at the next."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from wsgiref.simple_server import WSGIServer

from prometheus_client import start_http_server
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from adapters.metrics.instruments import REGISTRY
from adapters.temporal.speaking import through_our_log
from trading.errors import BadConfiguration

_TRIES = 20
"""Of two free ports, one after the other: somebody else may take the second meanwhile."""


@dataclass(frozen=True, slots=True)
class Place:
    """The address and the ports; a port of None is a free one. Without `temporal_port` it is the one after `port`."""

    host: str = "127.0.0.1"
    port: int | None = None
    temporal_port: int | None = None


@dataclass(frozen=True, slots=True)
class Telling:
    """Where it is told. The runtime is the process's only one: every client of it must be given it."""

    host: str
    port: int
    temporal_port: int
    runtime: Runtime

    @property
    def address(self) -> str:
        """What a browser or a Prometheus is pointed at."""
        return f"http://{_bracketed(self.host)}:{self.port}/metrics"

    @property
    def temporal_address(self) -> str:
        """The same of Temporal's library."""
        return f"http://{_bracketed(self.host)}:{self.temporal_port}/metrics"


@asynccontextmanager
async def telling(place: Place) -> AsyncIterator[Telling]:
    """Tell until the block is left. Raises BadConfiguration when a port is taken, or is none of this machine."""
    server, told = _started(place)
    try:
        yield told
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()


def _started(place: Place) -> tuple[WSGIServer, Telling]:
    for tries_left in reversed(range(_TRIES)):
        try:
            return _start(place)
        except BadConfiguration:
            if place.port is not None or not tries_left:
                raise
    raise AssertionError


def _start(place: Place) -> tuple[WSGIServer, Telling]:
    try:
        server, _ = start_http_server(place.port or 0, addr=place.host, registry=REGISTRY)
    except (OSError, OverflowError) as error:
        where = f"METRICS_PORT: {_bracketed(place.host)}:{place.port}" if place.port else f"METRICS_HOST: {place.host}"
        raise BadConfiguration(f"{where} cannot be listened at: {error}") from error
    port = server.server_port
    try:
        return server, _told(place, port, place.temporal_port or port + 1)
    except BadConfiguration:
        server.shutdown()
        server.server_close()
        raise


def _told(place: Place, port: int, temporal_port: int) -> Telling:
    where = f"{_bracketed(place.host)}:{temporal_port}"
    try:
        # Temporal's library takes no name.
        numbers = str(socket.getaddrinfo(place.host, port, type=socket.SOCK_STREAM)[0][4][0])
        bound = f"{_bracketed(numbers)}:{temporal_port}"
        metrics = PrometheusConfig(bind_address=bound, counters_total_suffix=True, durations_as_seconds=True)
        runtime = Runtime(telemetry=TelemetryConfig(logging=through_our_log(), metrics=metrics))
    except (ValueError, OSError, OverflowError, RuntimeError) as error:
        message = f"METRICS_TEMPORAL_PORT: {where} cannot be listened at: {error}"
        raise BadConfiguration(message) from error
    return Telling(place.host, port, temporal_port, runtime)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
