"""What both of Alpaca's streams share: how a line is opened within its time, silently, and closed when it is not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, TypeVar

from alpaca.data.live.websocket import DataStream
from alpaca.trading.stream import TradingStream
from websockets.exceptions import WebSocketException

from trading.errors import TradingError

Stream = TypeVar("Stream", bound=DataStream | TradingStream)
# At the level DEBUG the library writes what it sends: the first of it is the secret.
_SILENT = logging.getLogger("alpaca.stream.silent")
_SILENT.setLevel(logging.CRITICAL)
_PING_SECONDS = 10
# No connection, no handshake, or an answer to the key that is none.
_EXPECTED = (OSError, WebSocketException, ValueError, AttributeError, TypeError, KeyError, IndexError)


def options(timeout_seconds: float, most_waiting: int) -> dict[str, Any]:
    """How the SDK is to use its websocket; so many frames wait for a reader that is slow."""
    return {
        "ping_interval": _PING_SECONDS,
        "ping_timeout": timeout_seconds,
        "close_timeout": 1,
        "max_queue": most_waiting,
        "logger": _SILENT,
    }


async def opened(stream: Stream, *steps: str, seconds: float, named: Callable[[Exception], TradingError]) -> Stream:
    """Take these steps of the SDK's own loop, which would reconnect for ever and only log a wrong key."""
    try:
        async with asyncio.timeout(seconds):
            for step in steps:
                await getattr(stream, step)()
    except asyncio.CancelledError:
        await stream.close()
        raise
    except _EXPECTED as failure:
        await stream.close()
        raise named(failure) from None
    return stream


async def unused(_: Any) -> None:
    """The SDK subscribes only if there is somebody to hand messages to."""
