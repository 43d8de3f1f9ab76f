"""Alpaca's stream of trade updates on loopback: its handshake, its messages, and what can go wrong with them.

As at Alpaca, frames are binary, nothing that happened before the `listen` is told, and a wrong key is shut out.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from random import Random
from typing import Any, Literal

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from tests.fakes.broker_server.brokerage import Brokerage
from tests.fakes.broker_server.records import Row

Fate = Literal["told", "twice", "lost", "held"]
SECONDS_TO_CLOSE = 0.5


class UpdateStream:
    """The stream. `fates` are of the next messages, in turn; `held` ones wait for `release`.

    `listened` is set while somebody listens, `refused` when somebody's key was wrong; `handshakes` are all outcomes.
    `binary` chooses the frames.
    """

    def __init__(self, brokerage: Brokerage, keys: dict[str, str]) -> None:
        self.url = ""
        self.binary = True
        self.fates: list[Fate] = []
        self.held: list[Row] = []
        self.handshakes: list[bool] = []
        self.listened = threading.Event()
        self.refused = threading.Event()
        self._brokerage = brokerage
        self._keys = keys
        self._lock = threading.Lock()
        self._listening: set[ServerConnection] = set()
        self._leaving: SimpleQueue[Row | None] = SimpleQueue()

    def release(self, order: Random | None = None) -> None:
        """Send what was held: as it came, or in an order of chance."""
        with self._lock:
            held, self.held = self.held, []
        if order is not None:
            order.shuffle(held)
        for message in held:
            self._leaving.put(message)

    def send(self, message: Row) -> None:
        """Send any message: an old one again, or one that Alpaca would not send."""
        self._leaving.put(message)

    def drop(self) -> None:
        """Cut every connection without a word."""
        with self._lock:
            self.listened.clear()
            cut, self._listening = self._listening, set()
        for connection in cut:
            with suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def open(self, port: int = 0) -> Iterator[None]:
        """Listen on a loopback port, a free one unless it is named, until the block is left."""
        server = serve(self._meet, "127.0.0.1", port, close_timeout=SECONDS_TO_CLOSE)
        self.url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/stream"
        threads = [threading.Thread(target=run, daemon=True) for run in (server.serve_forever, self._send_all)]
        for thread in threads:
            thread.start()
        self._brokerage.listeners.append(self._tell)
        try:
            yield
        finally:
            self._brokerage.listeners.remove(self._tell)
            self._close(server, threads)

    def _close(self, server: Server, threads: list[threading.Thread]) -> None:
        self._leaving.put(None)
        server.shutdown()
        for thread in threads:
            thread.join()

    def _tell(self, message: Row) -> None:
        with self._lock:
            fate = self.fates.pop(0) if self.fates else "told"
            if fate == "held":
                self.held.append(message)
        for _ in range({"told": 1, "twice": 2}.get(fate, 0)):
            self._leaving.put(message)

    def _send_all(self) -> None:
        while (message := self._leaving.get()) is not None:
            with self._lock:
                listening = list(self._listening)
            for connection in listening:
                self._reply(connection, message)

    def _meet(self, connection: ServerConnection) -> None:
        """One connection, from its handshake to its end."""
        authorized = False
        try:
            for text in connection:
                asked = json.loads(text)
                if asked.get("action") in {"auth", "authenticate"}:
                    authorized = self._authorize(connection, asked)
                    if not authorized:
                        return
                elif asked.get("action") == "listen" and authorized:
                    self._listen(connection, asked["data"]["streams"])
        except ConnectionClosed:
            pass
        finally:
            with self._lock:
                self._listening.discard(connection)

    def _authorize(self, connection: ServerConnection, asked: Row) -> bool:
        given = asked.get("data") or {"key_id": asked.get("key"), "secret_key": asked.get("secret")}
        right = self._keys.get(str(given.get("key_id"))) == given.get("secret_key")
        self.handshakes.append(right)
        if not right:
            self.refused.set()
        state = {"status": "authorized" if right else "unauthorized", "action": asked["action"]}
        self._reply(connection, {"stream": "authorization", "data": state})
        return right

    def _listen(self, connection: ServerConnection, streams: list[Any]) -> None:
        granted = [name for name in streams if name == "trade_updates"]
        self._reply(connection, {"stream": "listening", "data": {"streams": granted}})
        with self._lock:
            if granted:
                self._listening.add(connection)
                self.listened.set()
            else:
                self._listening.discard(connection)

    def _reply(self, connection: ServerConnection, message: Row) -> None:
        text = json.dumps(message)
        with suppress(ConnectionClosed, OSError):
            connection.send(text.encode() if self.binary else text)
