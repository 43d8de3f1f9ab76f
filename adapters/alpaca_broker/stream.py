"""The trade-updates stream: a wake-up that says which order to look at, and nothing that is booked."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

from alpaca.trading.stream import TradingStream
from websockets.exceptions import ConnectionClosed

from adapters.alpaca_broker.wire import AlpacaAccess
from adapters.alpaca_stream import opened, options, unused
from trading.errors import BrokerRefused, BrokerUnavailable, TradingError

_MOST_WAITING = 256
_NO_ENTRY = frozenset({401, 403})


async def moves(access: AlpacaAccess) -> AsyncGenerator[str]:
    """Client order ids of orders that moved, as it happens. Ends when the connection is cut; the caller connects again.

    Raises BrokerRefused for a refused key, BrokerUnavailable when there is no connection to be had.
    """
    stream = await _connected(access)
    # The SDK's own loop reconnects for ever and only logs a wrong key: it connects, and we read.
    socket: Any = stream._ws  # noqa: SLF001  see above
    try:
        while True:
            name = _moved(await socket.recv())
            if name:
                yield name
    except ConnectionClosed:
        return
    finally:
        await stream.close()


async def _connected(access: AlpacaAccess) -> TradingStream:
    stream = TradingStream(
        access.api_key.get_secret_value(),
        access.api_secret.get_secret_value(),
        raw_data=True,
        url_override=access.stream_url,
        websocket_params=options(access.timeout_seconds, _MOST_WAITING),
    )
    stream.subscribe_trade_updates(unused)
    return await opened(stream, "_start_ws", seconds=access.timeout_seconds, named=_named)


def _named(failure: Exception) -> TradingError:
    status = getattr(failure, "status_code", None)
    if (isinstance(failure, ValueError) and "authenticate" in str(failure)) or status in _NO_ENTRY:
        return BrokerRefused("alpaca refuses the key, for its stream: see ALPACA_API_KEY and ALPACA_STREAM_URL")
    return BrokerUnavailable(f"alpaca's stream is not to be had: {type(failure).__name__}")


def _moved(message: str | bytes) -> str | None:
    """Our id in a message about an order; None for any other message: a wake-up that is lost costs only time."""
    try:
        told = json.loads(message)
        name = told["data"]["order"]["client_order_id"] if told["stream"] == "trade_updates" else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return name if isinstance(name, str) else None
