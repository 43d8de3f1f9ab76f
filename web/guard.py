"""What holds for every request, whatever it asks for: a name, a pace, a size, an end, and strict headers."""

from __future__ import annotations

import asyncio
import time
from contextlib import AbstractContextManager, nullcontext
from uuid import uuid4

import structlog
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.tracing import spans
from trading.money import Identifier
from web.bodies import read_body
from web.buckets import Buckets
from web.counts import NO_ROUTE, Counts
from web.problems import Refusal, rendered

log = structlog.get_logger()

REQUEST_ID = "X-Request-ID"
SECONDS = 30.0
"""Of a request, from its first byte to its last; what is asked to wait waits less."""
LIVE = "/api/live"
"""The one address whose answer has no end of its own."""
PARTS, PART = "/page/", 0.1
"""A browser asks for the page's dozens of files at once, at each address anew: one counts as a part of a request."""
UNTRACED = frozenset({LIVE, "/health", "/metrics"})
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cache-Control": "no-store",
}
_ID = TypeAdapter[str](Identifier)


class Guard:
    """Stands before every route."""

    def __init__(self, app: ASGIApp, desk_id: str, buckets: Buckets, counts: Counts) -> None:
        self._app = app
        self._desk_id = desk_id
        self._buckets = buckets
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it with a problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, answer, began = Headers(scope=scope), _Answer(send, _name(scope)), time.monotonic()
        scope.setdefault("state", {})["request_id"] = answer.request_id
        whose = structlog.contextvars.bound_contextvars(trace_id=answer.request_id, desk_id=self._desk_id)
        with whose, _spanned(scope, answer) as tell:
            try:
                self._see(scope)
                await self._timed(scope, await read_body(headers, receive), answer)
            except Refusal as error:
                await answer.end(error, scope)
            except Exception:  # the last place that can answer: no traceback leaves the house
                log.exception("a request failed", method=scope["method"], path=scope["path"])
                await answer.end(
                    Refusal(500, "something went wrong here; the log says what, by the request's id"), scope
                )

            route = getattr(scope.get("route"), "path", NO_ROUTE)
            took = time.monotonic() - began
            tell(_told(scope["method"], route, answer.status))
            self._counts.answered(scope["method"], route, answer.status, took)
            log.info("answered", method=scope["method"], route=route, status=answer.status, seconds=round(took, 4))

    def _see(self, scope: Scope) -> None:
        caller = scope["client"][0] if scope.get("client") else ""
        weight = PART if scope["path"].startswith(PARTS) else 1.0
        wait = self._buckets.wait(caller, time.monotonic(), weight)
        if wait:
            raise Refusal(429, "too many requests", {"Retry-After": str(int(wait) + 1)})
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            raise Refusal(400, "the address has characters that no text has")

    async def _timed(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        if scope["path"] == LIVE:
            await self._app(scope, receive, answer)
            return
        try:
            async with asyncio.timeout(SECONDS):
                await self._app(scope, receive, answer)
        except TimeoutError:
            await answer.end(Refusal(504, f"there was no answer in {SECONDS:.0f} s"), scope)


class _Answer:
    """The way back: every answer has the headers, and there is one."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self.status = 0
        self.request_id = request_id

    async def __call__(self, message: Message) -> None:
        """Send a part of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers[REQUEST_ID] = self.request_id
        await self._send(message)

    async def end(self, refusal: Refusal, scope: Scope) -> None:
        """Say why there is no answer, unless one has begun: that one breaks off."""
        if not self.status:
            request = Request(scope)
            await rendered(refusal, self.request_id)(request.scope, request.receive, self)


def _spanned(scope: Scope, answer: _Answer) -> AbstractContextManager[spans.Tell]:
    """The request as the first span of its trace; what is only looked at, again and again, is none."""
    if scope["path"] in UNTRACED or scope["path"].startswith(PARTS):
        return nullcontext(lambda _: None)
    return spans.asked(scope["method"], answer.request_id)


def _told(method: str, route: str, status: int) -> spans.Attributes:
    said: spans.Attributes = {"http.request.method": method, "http.response.status_code": status}
    if route == NO_ROUTE:
        return said
    return {**said, "http.route": route, "name": f"{method} {route}"}


def _name(scope: Scope) -> str:
    """The name that a request came with, if it can be written into the books; else one of our own."""
    said = Headers(scope=scope).get(REQUEST_ID)
    try:
        return _ID.validate_python(said)
    except ValidationError:
        return uuid4().hex
