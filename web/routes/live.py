"""What happens at the desk while it happens: its log as server-sent events.

Whoever was away says how far they had come (`Last-Event-ID`, or `after`) and hears all that followed. The page and a
program read it by `fetch`, which can carry a token; `EventSource` does where none is needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import structlog
from fastapi import APIRouter, Header, Request
from fastapi.responses import Response, StreamingResponse
from pydantic_core import to_json
from starlette.types import Receive, Scope, Send
from temporalio.service import RPCError

from adapters.postgres.reports import EventLine
from trading.errors import TradingError
from web.access import Reads, who
from web.counts import Counts
from web.desk import AtDesk, WebDesk
from web.problems import Refusal, documented
from web.told import MOST_SEQUENCE, Sequence_

log = structlog.get_logger()
router = APIRouter(prefix="/api", tags=["live"], dependencies=[Reads], responses=documented())
LOOK_SECONDS = 0.5
HEARTBEAT_SECONDS = 15.0
"""Also how often it is seen that whoever listens still may."""
LONGEST_SECONDS = 3600.0
BATCH = 200
RETRY = b"retry: 2000\n\n"


class Listeners:
    """How many listen, and that they are told when the server ends."""

    def __init__(self, most: int, counts: Counts) -> None:
        self._left = most
        self._counts = counts
        self.closing = asyncio.Event()

    def take(self) -> None:
        """Take a place. Raises Refusal when there is none."""
        if self._left == 0 or self.closing.is_set():
            raise Refusal(503, "too many listen already", {"Retry-After": "30"})
        self._left -= 1
        self._counts.listeners.inc()

    def leave(self) -> None:
        """Give the place back."""
        self._left += 1
        self._counts.listeners.dec()


@router.get("/live", response_class=StreamingResponse)
async def live(
    request: Request,
    at: AtDesk,
    after: Sequence_ = None,
    last: Annotated[int | None, Header(alias="Last-Event-ID", ge=0, le=MOST_SEQUENCE)] = None,
) -> Response:
    """The log from a number on, else from now on: `id` is the number, `data` the line as `/api/events` tells it."""
    listeners: Listeners = request.app.state.listeners
    begun = next((one for one in (last, after) if one is not None), None)
    start = await at.books.reports.head() if begun is None else begun
    return _Stream(_told(request, at, listeners, start), listeners)


class _Stream(StreamingResponse):
    """A stream that has a place as long as it lasts, however it ends."""

    def __init__(self, content: AsyncIterator[bytes], listeners: Listeners) -> None:
        super().__init__(content, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
        self._listeners = listeners

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        self._listeners.take()
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._listeners.leave()


async def _told(request: Request, at: WebDesk, listeners: Listeners, start: int) -> AsyncIterator[bytes]:
    clock = asyncio.get_running_loop().time
    ends, beat, sequence = clock() + LONGEST_SECONDS, clock(), start
    yield RETRY
    while clock() < ends and not listeners.closing.is_set():
        try:
            lines = await at.books.reports.events_after(sequence, limit=BATCH)
        except TradingError as error:
            log.warning("live events wait", reason=str(error))
            lines = []
        for line in lines:
            sequence = line.sequence
            yield _event(line)
        if clock() - beat >= HEARTBEAT_SECONDS:
            beat = clock()
            if not await _still_may(request):
                return
            yield b": still here\n\n"
        if len(lines) < BATCH:
            await _pause(listeners.closing)


async def _still_may(request: Request) -> bool:
    try:
        await who(request)
    except Refusal:
        return False
    except (TradingError, RPCError):
        return True
    return True


async def _pause(closing: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await closing.wait()
    except TimeoutError:
        return


def _event(line: EventLine) -> bytes:
    """JSON has no line breaks of its own: each event is one line."""
    return b"id: %d\nevent: log\ndata: %s\n\n" % (line.sequence, to_json(line, inf_nan_mode="null"))
