"""How long a connection may take, and how many there may be; what no route has seen is refused in the same shape.

| whoever | is |
|---|---|
| connects, or was answered, and brings no whole head within `head` seconds | told 408 if it has begun, and cut |
| does not take what it has asked for, for `write` seconds | cut |
| comes when `most` are there | answered 503; cut at once when twice as many are |
| brings what is no HTTP, or a head of more than 16 KB | answered 400, and cut |

Nothing of this is in uvicorn: its time-out of an idle connection ends with the first byte that comes.
"""

from __future__ import annotations

import asyncio
import re
from typing import ClassVar, NamedTuple
from uuid import uuid4

import h11
import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from web.guard import HEADERS, REQUEST_ID
from web.problems import Refusal, rendered

log = structlog.get_logger()
MOST_HEAD_BYTES = 16_384
_BLANK = re.compile(rb"\n\r?\n")
_MAY_ANSWER = frozenset({h11.IDLE, h11.SEND_RESPONSE})


class Patience(NamedTuple):
    """Seconds for the head of a request and for taking an answer; connections that are answered."""

    head: float = 15.0
    write: float = 30.0
    most: int = 200


def patient(patience: Patience) -> type[H11Protocol]:
    """The protocol of a server with so much patience."""
    return type("Connection", (_Connection,), {"patience": patience})


class _Connection(H11Protocol):
    patience: ClassVar[Patience]
    _head: asyncio.TimerHandle | None = None
    _write: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the protocol itself
        super().connection_made(transport)
        if len(self.connections) > 2 * self.patience.most:
            transport.abort()
        elif len(self.connections) > self.patience.most:
            self.app = _crowded
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        if self._is_too_long(data):
            self._refuse(Refusal(400, f"the head of a request has {MOST_HEAD_BYTES:,} bytes at most"))
            return
        super().data_received(data)
        self._wait_for_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._head, self._write = _ended(self._head), _ended(self._write)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._write = self._write or self.loop.call_later(self.patience.write, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._write = _ended(self._write)

    def send_400_response(self, msg: str) -> None:
        self._refuse(Refusal(400, msg))

    def _is_too_long(self, data: bytes) -> bool:
        """Whether a head is too long: h11 only sees it of one that is not yet whole, and one that comes at once is."""
        if self.conn.their_state is not h11.IDLE:
            return False
        held = bytes(self.conn.trailing_data[0]) + data
        return len(held) > MOST_HEAD_BYTES and not _BLANK.search(held, 0, MOST_HEAD_BYTES)

    def _wait_for_head(self) -> None:
        """Wait for the head of the next request, unless one is being answered; bytes on the way win no time."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._head = _ended(self._head)
        elif self._head is None and not self.transport.is_closing():
            self._head = self.loop.call_later(self.patience.head, self._too_late)

    def _too_late(self) -> None:
        has_begun = self.conn.their_state is h11.IDLE and bool(self.conn.trailing_data[0])
        if has_begun:
            self._refuse(Refusal(408, f"the head of the request did not come in {self.patience.head:.0f} s"))
        else:
            self.transport.close()

    def _refuse(self, refusal: Refusal) -> None:
        """Say why, if nothing was said yet, and close; who is answering is told that nobody listens any more."""
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in _MAY_ANSWER:
            answer = _strict(refusal)
            head = h11.Response(status_code=refusal.status, headers=answer.raw_headers)
            for event in (head, h11.Data(data=bytes(answer.body)), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
            log.info("refused a connection", status=refusal.status, reason=refusal.detail)
        self.transport.close()


def _strict(refusal: Refusal) -> Response:
    """The problem with the headers that every answer has; it is the last on its connection."""
    name = uuid4().hex
    answer = rendered(refusal, name)
    answer.headers.update({**HEADERS, REQUEST_ID: name, "Connection": "close"})
    return answer


async def _crowded(scope: Scope, receive: Receive, send: Send) -> None:
    await _strict(Refusal(503, "too many are connected", {"Retry-After": "5"}))(scope, receive, send)


def _ended(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    if timer is not None:
        timer.cancel()
    return None
