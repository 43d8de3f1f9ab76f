"""Alpaca's stream of trades and quotes: the newest of both make a price, as old as the older of them.

Frames are msgpack, each a list of messages. A trade that is cancelled or corrected later is forgotten until the next.
The SDK's own loop reconnects for ever and only logs a wrong key: it connects and subscribes, and we read.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgpack
from alpaca.data.enums import DataFeed
from alpaca.data.live import StockDataStream
from websockets.exceptions import ConnectionClosed

from adapters.alpaca_market import reading as read
from adapters.alpaca_market.wire import AlpacaAccount
from adapters.alpaca_stream import opened, options, unused
from trading.errors import MarketRefused, MarketUnavailable, TradingError
from trading.market import Quote

_MOST_WAITING = 1024
_NO_ENTRY = frozenset({401, 402, 403})
# A refusal that another try would not change: the key, its plan, too many symbols. A second line of one key is none:
# the first is that of a worker that was killed, and is gone in a while.
_REFUSALS = frozenset({401, 402, 403, 404, 405, 409})
_PASSES = ("connected message", "connection limit")


async def quotes(account: AlpacaAccount, symbols: Sequence[str]) -> AsyncGenerator[Quote]:
    """Prices of these symbols as they come. Ends when the connection is cut; the caller connects again."""
    stream = await _connected(account, symbols)
    socket: Any = stream._ws  # noqa: SLF001  see above
    known: dict[str, dict[str, Any]] = {}
    try:
        while True:
            for message in _messages(await socket.recv()):
                quote = _taken_in(known, message)
                if quote is not None:
                    yield quote
    except ConnectionClosed:
        return
    finally:
        await stream.close()


async def _connected(account: AlpacaAccount, symbols: Sequence[str]) -> StockDataStream:
    stream = StockDataStream(
        account.api_key.get_secret_value(),
        account.api_secret.get_secret_value(),
        raw_data=True,
        feed=DataFeed(account.feed),
        url_override=account.stream_url or None,
        websocket_params=options(account.timeout_seconds, _MOST_WAITING),
    )
    stream.subscribe_trades(unused, *symbols)
    stream.subscribe_quotes(unused, *symbols)
    return await opened(stream, "_start_ws", "_send_subscribe_msg", seconds=account.timeout_seconds, named=_named)


def _named(failure: Exception) -> TradingError:
    status = getattr(failure, "status_code", None)
    if status in _NO_ENTRY or (type(failure) is ValueError and not any(words in str(failure) for words in _PASSES)):
        return _refused(str(failure) if type(failure) is ValueError else f"status {status}")
    return MarketUnavailable(f"alpaca's stream of prices is not to be had: {type(failure).__name__}")


def _refused(words: str) -> MarketRefused:
    mend = "see ALPACA_API_KEY, ALPACA_FEED and ALPACA_DATA_STREAM_URL"
    return MarketRefused(f"alpaca refuses its stream of prices ({words[:100]}): {mend}")


def _messages(frame: str | bytes) -> list[dict[str, Any]]:
    """The messages of a frame; none of one that cannot be read: what is lost comes again with the next price."""
    try:
        found = msgpack.unpackb(frame) if isinstance(frame, bytes) else []
    except (ValueError, TypeError, msgpack.exceptions.UnpackException):
        return []
    return [message for message in found if isinstance(message, dict)] if isinstance(found, list) else []


def _taken_in(known: dict[str, dict[str, Any]], message: dict[str, Any]) -> Quote | None:
    """What one message makes of what is known of its symbol. Raises as `quotes` does when it is a refusal."""
    kind, symbol = message.get("T"), message.get("S")
    if kind == "error":
        failed = f"{message.get('msg')} ({message.get('code')})"
        raise _refused(failed) if message.get("code") in _REFUSALS else MarketUnavailable(f"alpaca's stream: {failed}")
    if not isinstance(symbol, str):
        return None
    held = known.setdefault(symbol, {})
    if kind in {"x", "c"}:
        held.pop("t", None)
    if kind not in {"t", "q"}:
        return None
    held[kind] = {**message, "t": _stamp(message.get("t"))}
    found = read.read_latest(symbol, held.get("q"), held.get("t"), datetime.now(UTC))
    return found if isinstance(found, Quote) else None


def _stamp(moment: object) -> object:
    """A time of msgpack as the REST API writes it."""
    return moment.to_datetime().isoformat() if isinstance(moment, msgpack.Timestamp) else moment
