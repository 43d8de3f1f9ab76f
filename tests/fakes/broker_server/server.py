"""Alpaca's trading API on loopback: the brokerage behind a real HTTP server, with planned faults between them."""

from __future__ import annotations

import json
import socket
import struct
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.broker_server import routes
from tests.fakes.broker_server.brokerage import Brokerage
from tests.fakes.broker_server.faults import Fault, Faults, refusal
from tests.fakes.broker_server.listing import Activities, Query
from tests.fakes.broker_server.stream import UpdateStream

KEY, SECRET = "PKTEST0000", "a-secret-nobody-may-see"
REQUESTS_A_MINUTE = 200
UNAUTHORIZED = refusal(401, 40110000, "request is not authorized")


@dataclass(frozen=True)
class Request:
    """A request as it came; `status` is what the brokerage answered to it, None where it was not asked."""

    method: str
    path: str
    query: Query
    body: Any
    received_at: datetime
    status: int | None


class BrokerServer:
    """The brokerage on the wire. `url` goes to a client as its address, `stream.url` to a stream."""

    def __init__(self, brokerage: Brokerage) -> None:
        self.brokerage = brokerage
        self.activities = Activities(brokerage)
        self.shop = routes.Shop(brokerage, self.activities)
        self.faults = Faults()
        self.keys = {KEY: SECRET}
        self.stream = UpdateStream(brokerage, self.keys)
        self.requests: list[Request] = []
        self.url = ""
        self.closing = threading.Event()

    @property
    def accepted(self) -> Counter[str]:
        """How many orders the API accepted under each client order id."""
        return self.brokerage.accepted

    def asked(self, method: str, path: str) -> list[Request]:
        """The requests of one kind, in the order of their arrival."""
        return [request for request in self.requests if (request.method, request.path) == (method, path)]

    def answer(self, request: tuple[str, str], query: Query, body: bytes, fault: Fault | None) -> routes.Answer:
        """Ask the brokerage, unless a fault comes before; write down that it was asked."""
        at = datetime.now(UTC)
        status: int | None = None
        told: Any = None
        with self.brokerage.lock:
            if fault is None or fault.effect:
                status, told = routes.answer(self.shop, request, query, body)
            if status == 200 and fault is not None and (fault.hidden_seconds or fault.hidden_lookups):
                self.brokerage.hide(told["id"], seconds=fault.hidden_seconds, lookups=fault.hidden_lookups)
            self.requests.append(Request(*request, query, _read(body), at, status))
        return status or 0, told


@contextmanager
def serving(brokerage: Brokerage | None = None, port: int = 0, stream_port: int = 0) -> Iterator[BrokerServer]:
    """Answer on loopback ports, free ones unless they are named, until the block is left.

    A brokerage can be served again, on the same ports: to its clients it was away.
    """
    broker = BrokerServer(brokerage or Brokerage())
    server = _Server(("127.0.0.1", port), _Handler)
    server.broker = broker
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    broker.url = f"http://127.0.0.1:{server.server_port}"
    try:
        with broker.stream.open(stream_port):
            yield broker
    finally:
        broker.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64
    broker: BrokerServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is no error of ours; any other is shown."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        split, broker = urlsplit(self.path), self.server.broker
        query = {name: values[0] for name, values in parse_qs(split.query, keep_blank_values=True).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        key = self.headers.get("APCA-API-KEY-ID", "")
        fault: Fault | None = UNAUTHORIZED
        if broker.keys.get(key, "") == self.headers.get("APCA-API-SECRET-KEY", "-"):
            fault = broker.faults.next(self.command, split.path, _named(query, body))
        status, told = broker.answer((self.command, split.path), query, body, fault)
        self._fall(fault or Fault(effect=True), status, told)

    do_POST = do_PATCH = do_DELETE = do_PUT = do_GET  # noqa: N815  the names that the library asks for

    def _fall(self, fault: Fault, status: int, told: Any) -> None:
        if fault.wait:
            self.server.broker.closing.wait(fault.wait)
        if fault.cut:
            self._cut(abruptly=fault.cut == "reset")
        elif fault.status is not None:
            self._send(fault.status, fault.body, dict(fault.headers))
        else:
            self._send(status, b"" if told is None else json.dumps(told).encode(), {})

    def _cut(self, *, abruptly: bool) -> None:
        self.close_connection = True
        with suppress(OSError):
            if abruptly:  # closing it with nothing left to wait for sends a reset
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        limits = {
            "X-RateLimit-Limit": str(REQUESTS_A_MINUTE),
            "X-RateLimit-Remaining": str(REQUESTS_A_MINUTE - 1),
            "X-RateLimit-Reset": str(int(time()) + 60),
        }
        for name, value in ({"Content-Type": "application/json; charset=UTF-8"} | limits | headers).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        with suppress(OSError):  # who asked may have gone
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _named(query: Query, body: bytes) -> str:
    """The client order id that a request names."""
    told = _read(body)
    named = told.get("client_order_id") if isinstance(told, dict) else None
    return named if isinstance(named, str) else query.get("client_order_id", "")


def _read(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode(errors="replace")
