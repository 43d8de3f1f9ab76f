"""HEAD wherever GET is: its head and nothing after it, so that a monitor or `curl -I` may ask for anything."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Heads:
    """Answers HEAD as the routes answer GET: none of them knows of it, nor does the description of the API."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        # The server goes by its own scope: that one stays a HEAD, which has no body whatever is sent.
        asked = {**scope, "method": "GET"}
        try:
            await self._app(asked, receive, _Head(send))
        except _Told:
            return
        finally:
            scope.update({name: asked[name] for name in ("route",) if name in asked})


class _Told(OSError):
    """All that was asked for is told. An answer takes it as if nobody listened any more: so the live log ends too."""


class _Head:
    """The way back, which closes after the head."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def __call__(self, message: Message) -> None:
        """Send the head, and the end. Raises _Told for what would follow."""
        if message["type"] != "http.response.start":
            raise _Told
        await self._send(message)
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})
