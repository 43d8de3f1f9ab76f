"""One POST of JSON to a channel's API: bounded in time and length, to nobody but whom it is meant for."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from trading.errors import ChannelUnavailable

TIMEOUT_SECONDS = 10.0
LONG_REST = 600.0
"""Seconds before a channel is tried again that only a person can mend."""
MOST_BYTES = 64 * 1024
LATER = frozenset({408, 409, 425, 429})
BROKEN = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the headers, and the body where it is a JSON object."""

    status: int
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def is_later(self) -> bool:
        """Whether the same may be taken later."""
        return self.status in LATER or self.status >= BROKEN

    @property
    def retry_after(self) -> float | None:
        """Seconds that the other side wants to be left alone, by its body or its headers; None when it does not say."""
        for said in (self.body.get("retry_after"), self.headers.get("retry-after")):
            try:
                seconds = float(str(said))
            except ValueError:
                continue
            if math.isfinite(seconds) and seconds >= 0:
                return min(seconds, LONG_REST)
        return None


async def post(who: str, url: str, content: bytes, headers: Mapping[str, str], seconds: float) -> Answer:
    """Send one request. Raises ChannelUnavailable when nobody knows what became of it.

    The client's own exception is left behind: it holds the address. No redirect is followed.
    """
    try:
        async with (
            asyncio.timeout(seconds),
            httpx2.AsyncClient(timeout=seconds, follow_redirects=False, trust_env=False) as client,
            client.stream("POST", url, content=content, headers={"accept-encoding": "identity", **headers}) as answer,
        ):
            body = bytearray()
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > MOST_BYTES:
                    break
            return Answer(answer.status_code, answer.headers, _object(bytes(body)))
    except TimeoutError:
        raise ChannelUnavailable(f"{who} did not answer within {seconds:g} s") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError, ValueError) as error:
        raise ChannelUnavailable(f"{who} cannot be reached: {type(error).__name__}") from None


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
