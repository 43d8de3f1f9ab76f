"""A provider on loopback that sends exactly the bytes a test wrote, and keeps every request as it came."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Script = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Captured:
    """A request: its header names are lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> Any:
        return json.loads(self.body)


@dataclass
class Wire:
    """The server: `script` answers every request, `scripts` before it those of a path."""

    port: int = 0
    script: Script | None = None
    scripts: dict[str, Script] = field(default_factory=dict)
    requests: list[Captured] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def clean(self) -> Wire:
        """The same server, knowing nothing of what was before."""
        self.script, self.scripts, self.requests, self.asked = None, {}, [], asyncio.Event()
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _request(reader)) is not None:
                self.requests.append(request)
                self.asked.set()
                script = self.scripts.get(request.path) or self.script
                assert script is not None
                await script(writer)
                if writer.is_closing():
                    break
        except ConnectionError:
            pass  # the client has gone: what a time-out looks like from here
        finally:
            writer.close()


@asynccontextmanager
async def wire() -> AsyncIterator[Wire]:
    """A server that listens as long as the block."""
    made = Wire()
    connections: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            await made.serve(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            connections.discard(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


def head(status: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def sends(status: int, body: object, **headers: str) -> Script:
    """A whole answer: bytes as they are, a text as HTML, anything else as JSON. `_` in a header's name is a hyphen."""
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    kind = "text/html" if isinstance(body, str) else "application/json"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    full = {"content-type": kind, "content-length": str(len(raw)), **named}

    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(head(status, full) + raw)
        await writer.drain()

    return script


async def resets_mid_body(writer: asyncio.StreamWriter) -> None:
    """Half of an answer, then the connection is reset."""
    writer.write(head(200, {"content-type": "application/json", "content-length": "1000"}) + b'{"id": "')
    await writer.drain()
    writer.transport.abort()


async def closes_mid_body(writer: asyncio.StreamWriter) -> None:
    """Half of an answer, then the connection is closed in good order."""
    writer.write(head(200, {"content-type": "application/json", "content-length": "1000"}) + b'{"id": "')
    await writer.drain()
    writer.close()


async def closes_unasked(writer: asyncio.StreamWriter) -> None:
    """No answer at all."""
    writer.close()


async def is_silent(writer: asyncio.StreamWriter) -> None:
    """Takes the question and says nothing until it is cancelled or left."""
    await asyncio.sleep(60)


async def trickles(writer: asyncio.StreamWriter) -> None:
    """A byte now and then, for ever: each arrives in time, the answer never ends."""
    writer.write(head(200, {"content-type": "application/json", "transfer-encoding": "chunked"}))
    while True:
        writer.write(b"1\r\n \r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


async def pours(writer: asyncio.StreamWriter) -> None:
    """As many bytes as are taken, for ever."""
    writer.write(head(200, {"content-type": "application/json", "transfer-encoding": "chunked"}))
    while True:
        writer.write(b"10000\r\n" + b" " * 65536 + b"\r\n")
        await writer.drain()


async def _request(reader: asyncio.StreamReader) -> Captured | None:
    try:
        raw = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = raw.strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Captured(method, path, headers, body)
