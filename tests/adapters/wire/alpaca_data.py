"""Alpaca's data and trading APIs on loopback, as far as a market asks them, answering in the shape of its documents.

`script` holds planned answers, one for each request from the first: a status with headers and a body, a silence, or a
cut; None answers as ever.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

Row = dict[str, Any]
NEW_YORK = ZoneInfo("America/New_York")
KEY, SECRET = "PKTEST0000", "a-secret-nobody-may-see"


@dataclass
class Planned:
    """One answer out of the ordinary; `silence` seconds before it, `cut` ends the connection in the midst of it."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    silence: float = 0.0
    cut: bool = False


@dataclass
class Exchange:
    """What the stand-in answers from: rows by symbol as the API writes them."""

    bars: dict[str, list[Row]] = field(default_factory=dict)
    snapshots: dict[str, Any] = field(default_factory=dict)
    quotes: dict[str, list[Row]] = field(default_factory=dict)
    trades: dict[str, list[Row]] = field(default_factory=dict)
    assets: dict[str, Row] = field(default_factory=dict)
    actions: dict[str, list[Row]] = field(default_factory=dict)
    news: list[Row] = field(default_factory=list)
    calendar: list[Row] = field(default_factory=list)
    is_open: bool = True
    page: int = 10_000
    script: list[Planned | None] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str, query: dict[str, str]) -> Any:
        """The body of an answer; None for what is not there."""
        symbols = [symbol for symbol in query.get("symbols", "").split(",") if symbol]
        if path == "/v2/assets":
            return list(self.assets.values())
        if path.startswith("/v2/assets/"):
            return self.assets.get(path.rsplit("/", 1)[1])
        if path == "/v2/stocks/bars":
            return self._paged("bars", self._within(self.bars, symbols, query), query)
        if path == "/v2/stocks/snapshots":
            return {symbol: self.snapshots[symbol] for symbol in symbols if symbol in self.snapshots}
        if path in {"/v2/stocks/quotes", "/v2/stocks/trades"}:
            name = path.rsplit("/", 1)[1]
            return self._paged(name, self._within(getattr(self, name), symbols, query), query)
        return self._others(path, query)

    def _others(self, path: str, query: dict[str, str]) -> Any:
        if path == "/v1/corporate-actions":
            return self._paged("corporate_actions", self.actions, query)
        if path == "/v1beta1/news":
            return {"news": self.news[: int(query["limit"])], "next_page_token": None}
        if path == "/v2/calendar":
            return [row for row in self.calendar if query["start"] <= row["date"] <= query["end"]]
        if path == "/v2/clock":
            at = "2026-11-20T12:00:00-05:00"
            return {"timestamp": at, "is_open": self.is_open, "next_open": at, "next_close": at}
        return None

    def _within(self, rows: dict[str, list[Row]], symbols: list[str], query: dict[str, str]) -> dict[str, list[Row]]:
        start, end = (datetime.fromisoformat(query[name]) for name in ("start", "end"))
        found = {s: [r for r in rows.get(s, []) if not _is_time(r) or start <= _at(r) <= end] for s in symbols}
        if query.get("sort") == "desc":
            found = {
                symbol: sorted(rows, key=lambda row: str(row["t"]), reverse=True) for symbol, rows in found.items()
            }
        return {symbol: rows for symbol, rows in found.items() if rows}

    def _paged(self, key: str, rows: dict[str, list[Row]], query: dict[str, str]) -> Row:
        """One page of rows over all symbols, in order, and the token of the next."""
        flat = [(symbol, row) for symbol, held in rows.items() for row in held]
        start, size = int(query.get("page_token", 0)), min(self.page, int(query.get("limit", self.page)))
        page: dict[str, list[Row]] = {}
        for symbol, row in flat[start : start + size]:
            page.setdefault(symbol, []).append(row)
        token = str(start + size) if start + size < len(flat) else None
        return {key: page, "next_page_token": token}


def bar(day: date, price: float, volume: int = 1_000_000) -> Row:
    """A daily bar around a price, stamped as the API does: at midnight in New York."""
    at = datetime(day.year, day.month, day.day, tzinfo=NEW_YORK).astimezone(UTC)
    low, high = round(price * 0.99, 4), round(price * 1.01, 4)
    return {"t": stamp(at), "o": price, "h": high, "l": low, "c": price, "v": volume, "n": 100, "vw": price}


def quote(at: datetime, bid: Any, ask: Any) -> Row:
    return {"t": stamp(at), "ax": "V", "ap": ask, "as": 1, "bx": "V", "bp": bid, "bs": 1, "c": ["R"], "z": "C"}


def trade(at: datetime, price: Any, **more: Any) -> Row:
    return {"t": stamp(at), "x": "V", "p": price, "s": 100, "c": ["@"], "i": 1, "z": "C", **more}


def snapshot(at: datetime, bid: Any, ask: Any, last: Any) -> Row:
    return {"latestQuote": quote(at, bid, ask), "latestTrade": trade(at, last)}


def asset(symbol: str, name: str = "", *, tradable: bool = True) -> Row:
    return {
        "id": "b0b6dd9d-8b9b-48a9-ba46-b9d54906e415",
        "class": "us_equity",
        "exchange": "NASDAQ",
        "symbol": symbol,
        "name": name or f"{symbol} Inc. Common Stock",
        "status": "active" if tradable else "inactive",
        "tradable": tradable,
        "marginable": True,
        "shortable": True,
        "easy_to_borrow": True,
        "fractionable": True,
    }


def stamp(at: datetime) -> str:
    """A time to the nanosecond, as the API writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


@contextmanager
def serving(exchange: Exchange) -> Iterator[Exchange]:
    """Answer on a free loopback port until the block is left."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(exchange))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    exchange.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield exchange
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(exchange: Exchange) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            split = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(split.query).items()}
            exchange.asked.append((split.path, query))
            planned = exchange.script.pop(0) if exchange.script else None
            if planned is not None:
                self._plan(planned)
            elif (self.headers["APCA-API-KEY-ID"], self.headers["APCA-API-SECRET-KEY"]) != (KEY, SECRET):
                self._send(401, b'{"message": "unauthorized."}', {})
            else:
                body = exchange.answer(split.path, query)
                status = 404 if body is None else 200
                self._send(status, json.dumps({"message": "not found"} if body is None else body).encode(), {})

        def _plan(self, planned: Planned) -> None:
            time.sleep(planned.silence)
            if planned.cut:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
            else:
                self._send(planned.status, planned.body, planned.headers)

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            with suppress(OSError):  # who asked may have gone
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _is_time(row: Row) -> bool:
    try:
        return _at(row).tzinfo is not None
    except (TypeError, ValueError):
        return False


def _at(row: Row) -> datetime:
    return datetime.fromisoformat(row["t"])


def year_of_bars(last_on: date, price: float = 100.0, sessions: int = 300) -> list[Row]:
    """Daily bars of consecutive days up to one, at a price that moves a little."""
    days = [last_on - timedelta(days=back) for back in range(sessions)][::-1]
    return [bar(day, round(price * (1 + 0.002 * (index % 7 - 3)), 2)) for index, day in enumerate(days)]
