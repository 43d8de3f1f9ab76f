"""Alpaca's stream of prices on loopback: its handshake, its frames of msgpack, and what can go wrong with them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

import msgpack
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from adapters.alpaca_market import AlpacaAccount
from tests.adapters.wire.alpaca_data import KEY, SECRET

Row = dict[str, Any]
MOST_SYMBOLS = 30


class PriceStream:
    """The stream. `asked` is what was subscribed, each time; `listened` is set while somebody listens.

    `welcome` and `refusal` are said in place of the usual answers to a connection and to a subscription.
    """

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[list[str]] = []
        self.listened = threading.Event()
        self.welcome: Row | None = None
        self.entry: Row | None = None
        self.refusal: Row | None = None
        self._listening: set[ServerConnection] = set()

    def send(self, *messages: Row) -> None:
        """One frame to all who listen."""
        self.send_frame(msgpack.packb(list(messages), datetime=True))

    def send_frame(self, frame: bytes | str) -> None:
        """Any frame."""
        for connection in list(self._listening):
            with suppress(ConnectionClosed):
                connection.send(frame)

    def drop(self) -> None:
        """Cut every connection without a word."""
        self.listened.clear()
        cut, self._listening = self._listening, set()
        for connection in cut:
            with suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Listen on a loopback port until the block is left."""
        server = serve(self._meet, "127.0.0.1", 0, close_timeout=0.5)
        self.url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/v2/iex"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()

    def _meet(self, connection: ServerConnection) -> None:
        self._reply(connection, self.welcome or {"T": "success", "msg": "connected"})
        authenticated = False
        try:
            for frame in connection:
                asked = msgpack.unpackb(frame)
                if asked["action"] == "auth":
                    authenticated = (asked["key"], asked["secret"]) == (KEY, SECRET)
                    refused = {"T": "error", "code": 402, "msg": "auth failed"}
                    answer = {"T": "success", "msg": "authenticated"} if authenticated else refused
                    self._reply(connection, self.entry or answer)
                elif asked["action"] == "subscribe" and authenticated:
                    self._subscribe(connection, asked)
        except ConnectionClosed:
            pass
        finally:
            self._listening.discard(connection)

    def _subscribe(self, connection: ServerConnection, asked: Row) -> None:
        trades, quotes = asked.get("trades", []), asked.get("quotes", [])
        self.asked.append(sorted({*trades, *quotes}))
        refusal = self.refusal
        if len(trades) > MOST_SYMBOLS:
            refusal = {"T": "error", "code": 405, "msg": "symbol limit exceeded"}
        if refusal is not None:
            self._reply(connection, refusal)
            return
        self._reply(connection, {"T": "subscription", "trades": trades, "quotes": quotes})
        self._listening.add(connection)
        self.listened.set()

    def _reply(self, connection: ServerConnection, message: Row) -> None:
        with suppress(ConnectionClosed, OSError):
            connection.send(msgpack.packb([message]))


def quote(symbol: str, bid: float, ask: float, at: datetime) -> Row:
    return {"T": "q", "S": symbol, "bx": "V", "bp": bid, "bs": 1, "ax": "V", "ap": ask, "as": 1, "c": ["R"], "t": at}


def trade(symbol: str, price: float, at: datetime, number: int = 1) -> Row:
    return {"T": "t", "S": symbol, "i": number, "x": "V", "p": price, "s": 100, "c": ["@"], "t": at, "z": "C"}


def account(stream: PriceStream, **changes: Any) -> AlpacaAccount:
    """Who listens at this stream."""
    told: dict[str, Any] = {"api_key": KEY, "api_secret": SECRET, "data_base_url": "http://127.0.0.1:1", "feed": "iex"}
    told |= {"trading_base_url": "http://127.0.0.1:1", "timeout_seconds": 5, "stream_url": stream.url, **changes}
    return AlpacaAccount.model_validate(told)
