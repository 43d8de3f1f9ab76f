"""The wire below the vendors' SDKs: nothing is read without a bound, and an answer is JSON of a known shape or refused.

An SDK's own reading is passed over: it takes any JSON for an answer, and a text that is none for a string.
"""

from __future__ import annotations

import json
from typing import Any, TypeVar

import httpx2
from pydantic import BaseModel, ConfigDict, ValidationError

from adapters.model_api.access import Access
from trading.errors import ModelRefused

MOST_BYTES = 20_000_000
"""The longest answer that is read."""
_MOST_ERROR_BYTES = 64 * 1024
# One that is asked for takes a few dozen; a million empty ones would fill a gigabyte of memory.
_MOST_PARTS = 100_000
_CONNECT_SECONDS = 5.0
_BAD = 400


class Shape(BaseModel):
    """What is read of an answer; vendors add to theirs, so the rest is let be."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Known(Shape):
    """A model, as an API describes it by its name."""

    id: str


S = TypeVar("S", bound=Shape)


class BoundedClient(httpx2.AsyncClient):
    """An HTTP client that reads no more than its bound. It follows no redirect: the key stays where it was sent."""

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send and read the whole answer. Raises ModelRefused when it is too long; an error's text is cut instead."""
        answer = await super().send(request, **{**options, "stream": True})
        try:
            body = await _read(answer)
        finally:
            await answer.aclose()
        # The body is unpacked already and whole: what the headers say of its form on the wire holds no more.
        headers = [(k, v) for k, v in answer.headers.multi_items() if k not in {"content-encoding", "content-length"}]
        return httpx2.Response(answer.status_code, headers=headers, content=body, request=request)


def bounded_client(access: Access) -> BoundedClient:
    """A client for one provider. It asks for plain bytes, so that a packed answer cannot unfold in memory."""
    return BoundedClient(timeout=time_out(access), headers={"accept-encoding": "identity"}, follow_redirects=False)


def time_out(access: Access) -> httpx2.Timeout:
    """How long to wait for a connection, and for each next piece of an answer."""
    return httpx2.Timeout(access.timeout_seconds, connect=min(_CONNECT_SECONDS, access.timeout_seconds))


def read(response: httpx2.Response, shape: type[S], access: Access) -> S:
    """An answer that came with success, in its shape. Raises ModelRefused for anything that no model's API says."""
    stranger = ModelRefused(f"not a model's API at {access.base_url}: set {access.url_variable} to the right address")
    body = response.content
    if body.count(b"{") + body.count(b"[") > _MOST_PARTS:
        raise ModelRefused(f"{access.vendor} answered with more than {_MOST_PARTS:,} objects and lists")
    try:
        return shape.model_validate(json.loads(body))
    except (ValueError, RecursionError, ValidationError):
        raise stranger from None


async def _read(answer: httpx2.Response) -> bytes:
    """The body, unpacked. That of an error is only ever quoted, so its beginning is enough."""
    body = bytearray()
    failed = answer.status_code >= _BAD
    async for chunk in answer.aiter_bytes():
        body += chunk
        if failed and len(body) > _MOST_ERROR_BYTES:
            return bytes(body[:_MOST_ERROR_BYTES])
        if len(body) > MOST_BYTES:
            raise ModelRefused(f"the answer of {answer.request.url.host} is longer than {MOST_BYTES // 1_000_000} MB")
    return bytes(body)
