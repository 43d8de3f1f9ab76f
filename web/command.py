"""`web`: the API in a process of its own."""

from __future__ import annotations

import asyncio
import signal

from adapters.temporal.connection import connect
from console import ready
from console.output import Output, pairs
from console.reach import reach
from settings import Settings
from web.desk import web_desk
from web.serving import PORT, serving_web


async def web(settings: Settings, output: Output, host: str | None, port: int | None) -> int:
    """Serve until SIGTERM or SIGINT, which end it well."""
    stop = asyncio.Event()
    for caught in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(caught, stop.set)
    found = reach(settings)
    client = await connect(found.temporal_address)
    async with web_desk(settings, found, client) as at:
        await ready.migrations(at.books.engine)
        listens = (host or settings.web.host, (settings.web.port or PORT) if port is None else port)
        async with serving_web(at, *listens) as address:
            output.show({"address": address}, pairs([("HTTP API", address)]), "  Serving until Ctrl-C.")
            await stop.wait()
    return 0
