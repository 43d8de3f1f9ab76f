"""What a request brings along: read whole, in time and to a size, and JSON that every store can take."""

from __future__ import annotations

import asyncio
import json
from typing import Any, NoReturn

from starlette.datastructures import Headers
from starlette.types import Message, Receive

from trading.events import printable
from web.problems import Refusal

MOST_BYTES = 65_536
SECONDS = 10.0


async def read_body(headers: Headers, receive: Receive) -> Receive:
    """Read the body before anything is done with it; what gives it once more. Raises Refusal for one nobody takes."""
    if _length(headers) > MOST_BYTES:
        _too_large()
    try:
        async with asyncio.timeout(SECONDS):
            body = await _whole(receive)
    except TimeoutError:
        raise Refusal(408, f"the body did not come in {SECONDS:.0f} s") from None
    if body:
        _vet(headers, body)
    return _replayed(body, receive)


async def _whole(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "the body broke off")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MOST_BYTES:
            _too_large()
        if not message.get("more_body", False):
            return b"".join(parts)


def _vet(headers: Headers, body: bytes) -> None:
    """Only JSON is read, which no form of another site can send; no NaN, no infinity, no NUL, no half characters."""
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refusal(415, "only application/json is read here")
    try:
        read = json.loads(body, parse_constant=_no_number, object_pairs_hook=_once)
        said = json.dumps(read, allow_nan=False, ensure_ascii=False)
    except (ValueError, RecursionError):
        raise Refusal(400, "the body is no JSON") from None
    if "\\u0000" in said or printable(said) != said:
        raise Refusal(400, "the body has characters that no text has")


def _length(headers: Headers) -> int:
    said = headers.get("content-length", "0")
    if not (said.isascii() and said.isdigit()) or len(said) > len(str(MOST_BYTES)) + 1:
        _too_large()
    return int(said)


def _too_large() -> NoReturn:
    raise Refusal(413, f"a body has {MOST_BYTES:,} bytes at most", {"Connection": "close"})


def _once(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object. Of a field that is there twice nobody knows which was meant."""
    read = dict(fields)
    if len(read) < len(fields):
        raise Refusal(400, "a field is there twice")
    return read


def _no_number(said: str) -> NoReturn:
    raise ValueError(said)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """The body in one piece, and what comes after it: that the other side has gone."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
