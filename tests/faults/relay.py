"""A relay between the application and Postgres that loses the answer to a COMMIT."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

COMMIT = b"COMMIT;"
CHUNK = 65536


class Relay:
    """Passes bytes both ways. Every so many COMMITs it waits until Postgres has answered, and cuts the line instead.

    So the transaction has happened, and nobody is told.
    """

    def __init__(self, host: str, port: int, every: int) -> None:
        self._to = host, port
        self._every = every
        self._commits = 0
        self._lines: set[asyncio.Task[None]] = set()
        self._wanted = asyncio.Event()
        self._most = 0
        self.cut = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """The port to connect to."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        try:
            yield int(server.sockets[0].getsockname()[1])
        finally:
            server.close()
            for line in self._lines:
                line.cancel()
            await asyncio.gather(*self._lines, return_exceptions=True)

    async def cut_often(self, times: int) -> None:
        """Cut so many answers off, then no more."""
        self._most = times
        self._wanted.clear()
        await self._wanted.wait()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.current_task()
        assert line is not None
        self._lines.add(line)
        line.add_done_callback(self._lines.discard)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            far_reader, far_writer = await asyncio.open_connection(*self._to)
            doomed = asyncio.Event()
            try:
                back = asyncio.create_task(self._answers(far_reader, writer, doomed))
                there = asyncio.create_task(self._words(reader, far_writer, doomed))
                await asyncio.wait([there, back], return_when=asyncio.FIRST_COMPLETED)
                for task in (there, back):
                    task.cancel()
                await asyncio.gather(there, back, return_exceptions=True)
            finally:
                writer.transport.abort()
                far_writer.transport.abort()

    async def _words(self, reader: asyncio.StreamReader, far: asyncio.StreamWriter, doomed: asyncio.Event) -> None:
        while words := await reader.read(CHUNK):
            if COMMIT in words:
                self._commits += 1
                if self.cut < self._most and self._commits % self._every == 0:
                    doomed.set()
            far.write(words)
            await far.drain()

    async def _answers(self, far: asyncio.StreamReader, writer: asyncio.StreamWriter, doomed: asyncio.Event) -> None:
        while words := await far.read(CHUNK):
            if doomed.is_set():
                self.cut += b"COMMIT" in words
                if self.cut >= self._most:
                    self._wanted.set()
                return
            writer.write(words)
            await writer.drain()
