"""Connections of those who take their time, by real sockets: cut, told why where they can hear it, and nobody waits."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

import pytest

from settings import WebSettings
from tests.web.api import OWN, Api
from web.connections import Patience
from web.serving import serving_web

SHORT = Patience(head=0.6, write=0.6, most=50)
ASK = b"GET /api/openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


class Line(NamedTuple):
    """A connection to a server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def trickle(self, *parts: bytes) -> bytes:
        """Send these, the last again and again, until the server has enough; what it said."""
        heard: list[bytes] = []
        listening = asyncio.ensure_future(self._hear(heard))
        sent = 0
        while not listening.done():
            with suppress(OSError):
                self.writer.write(parts[min(sent, len(parts) - 1)])
                await self.writer.drain()
            sent += 1
            # Seldom: what is sent to a door that has just closed can cost the last word that came through it.
            await asyncio.wait([listening], timeout=0.15)
        return b"".join(heard)

    async def _hear(self, heard: list[bytes]) -> None:
        with suppress(OSError):
            while part := await self.reader.read(65_536):
                heard.append(part)

    async def answer(self) -> tuple[int, bytes, bytes]:
        """The next answer: its status, its head and its body."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
        return int(head[9:12]), head, await self.reader.readexactly(length)

    async def ends(self) -> bool:
        with suppress(OSError):
            return await self.reader.read() == b""
        return True


@asynccontextmanager
async def connected(port: int, **kept: int) -> AsyncIterator[Line]:
    ours = socket.socket()
    for name, value in kept.items():
        ours.setsockopt(socket.SOL_SOCKET, getattr(socket, name), value)
    ours.setblocking(False)  # noqa: FBT003  its only parameter
    await asyncio.get_running_loop().sock_connect(ours, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=ours)
    try:
        yield Line(reader, writer)
    finally:
        writer.transport.abort()


@asynccontextmanager
async def serving(desk: Api, patience: Patience = SHORT, **web: float) -> AsyncIterator[int]:
    at = desk.desk
    settings = at.settings.model_copy(update={"web": WebSettings.model_validate(web)})
    hurried = type(at)(settings, at.found, at.books, at.client)
    async with serving_web(hurried, "127.0.0.1", 0, patience=patience) as url:
        yield int(url.rpartition(":")[2])


def problem(said: bytes) -> tuple[int, str]:
    """The status and the kind of what was said, which is strict and the last."""
    head, _, body = said.partition(b"\r\n\r\n")
    lines = {line.split(b": ", 1)[0].lower(): line.split(b": ", 1)[1] for line in head.split(b"\r\n")[1:]}
    assert lines[b"content-type"] == b"application/problem+json"
    assert lines[b"connection"] == b"close"
    assert b"frame-ancestors 'none'" in lines[b"content-security-policy"]
    told = json.loads(body)
    assert told["request_id"].encode() == lines[b"x-request-id"]
    return told["status"], told["type"].rpartition(":")[2]


async def test_who_sends_a_head_byte_by_byte_is_told_so_and_cut(desk: Api) -> None:
    async with serving(desk) as port, connected(port) as slow:
        assert problem(await slow.trickle(b"GET /health HTTP/1.1\r\nX-A: ", b"a")) == (408, "too-slow")


async def test_who_says_nothing_is_cut_without_a_word(desk: Api) -> None:
    async with serving(desk) as port, connected(port) as silent:
        assert await silent.reader.read() == b""


async def test_a_connection_that_was_answered_has_no_more_time_than_a_new_one(desk: Api) -> None:
    async with serving(desk) as port, connected(port) as one:
        for _ in range(3):
            one.writer.write(ASK)
            assert (await one.answer())[0] == 200
        assert problem(await one.trickle(b"GET /", b"x"))[0] == 408


async def test_who_was_refused_cannot_go_on_sending_a_body(desk: Api) -> None:
    async with serving(desk, requests_per_second=0.01, burst=1) as port, connected(port) as one:
        one.writer.write(ASK)
        await one.answer()
        one.writer.write(b"POST /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 60000\r\n\r\n")
        assert (await one.answer())[0] == 429
        assert await one.trickle(b" ") == b""


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + b"a" * 20_000,
        b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + b"a" * 20_000 + b"\r\n\r\n",
        b"POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n",
        b"GET /health HTTP/1.1\r\nHost: a\r\nX\x00Y: b\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
    ids=["tls", "two hosts", "long", "long and whole", "two lengths", "nul", "space"],
)
async def test_what_is_no_request_is_a_problem_like_any_other(desk: Api, said: bytes) -> None:
    async with serving(desk) as port, connected(port) as one:
        one.writer.write(said + b"\r\n")
        assert problem(await one.reader.read()) == (400, "bad-request")


async def test_a_body_that_breaks_the_rules_is_refused_and_its_request_is_not_done(desk: Api) -> None:
    before = await desk.desk.books.reports.head()
    async with serving(desk) as port, connected(port) as one:
        own = "".join(f"{name}: {value}\r\n" for name, value in OWN.items()).encode()
        kind = b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        one.writer.write(
            b"POST /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n" + own + kind + b'd\r\n{"text": "x"}\r\nz\r\n'
        )
        assert problem(await one.reader.read()) == (400, "bad-request")
    assert await desk.desk.books.reports.head() == before


async def test_so_many_are_served_more_are_told_so_and_twice_as_many_are_not_let_in(desk: Api) -> None:
    async with (
        serving(desk, Patience(head=30, write=30, most=1)) as port,
        connected(port) as first,
        connected(port) as second,
        connected(port) as third,
    ):
        assert await third.ends()
        second.writer.write(ASK)
        assert problem(await second.reader.read()) == (503, "unavailable")
        first.writer.write(ASK)
        assert (await first.answer())[0] == 200


async def test_who_does_not_take_what_was_asked_for_is_cut(desk: Api) -> None:
    most = 90
    async with serving(desk, burst=most, requests_per_second=most) as port, connected(port, SO_RCVBUF=4096) as deaf:
        deaf.reader._transport.pause_reading()  # type: ignore[attr-defined]  # noqa: SLF001  nobody reads
        deaf.writer.write(ASK * most)
        while not deaf.writer.is_closing():
            deaf.writer.write(b" ")
            await asyncio.sleep(0.03)
        async with connected(port) as another:
            another.writer.write(ASK)
            assert (await another.answer())[0] in {200, 429}
