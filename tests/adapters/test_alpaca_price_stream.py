"""Alpaca's stream of prices, against a server that speaks its protocol."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.alpaca_market.stream import quotes
from tests.adapters.wire.alpaca_data import KEY, SECRET
from tests.adapters.wire.alpaca_prices import PriceStream, account, quote, trade
from trading.errors import MarketRefused, MarketUnavailable, TradingError
from trading.market import Quote

SECONDS = 10
NOW = datetime.now(UTC).replace(microsecond=123456) - timedelta(seconds=5)


@pytest.fixture
def stream() -> Iterator[PriceStream]:
    served = PriceStream()
    with served.open():
        yield served


@asynccontextmanager
async def hearing(stream: PriceStream, *symbols: str) -> AsyncIterator[asyncio.Queue[Quote | TradingError | None]]:
    """What the stream says from now on, None or a failure at its end."""
    heard: asyncio.Queue[Quote | TradingError | None] = asyncio.Queue()

    async def hear() -> None:
        try:
            async for told in quotes(account(stream), symbols or ("AAPL", "MSFT")):
                heard.put_nowait(told)
            heard.put_nowait(None)
        except TradingError as failure:
            heard.put_nowait(failure)

    task = asyncio.create_task(hear())
    assert await asyncio.to_thread(stream.listened.wait, SECONDS)
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=SECONDS)


async def next_of(heard: asyncio.Queue[Quote | TradingError | None]) -> Quote | TradingError | None:
    return await asyncio.wait_for(heard.get(), SECONDS)


async def test_a_quote_and_a_trade_make_a_price_as_old_as_the_older_of_them(stream: PriceStream) -> None:
    async with hearing(stream) as heard:
        stream.send(quote("AAPL", 189.9, 190.1, NOW + timedelta(seconds=1)), trade("MSFT", 400.5, NOW))
        stream.send(trade("AAPL", 190.05, NOW), quote("MSFT", 400.4, 400.6, NOW))
        first, second = await next_of(heard), await next_of(heard)
    assert stream.asked == [["AAPL", "MSFT"]]
    assert first == Quote(
        symbol="AAPL", bid=Decimal("189.9"), ask=Decimal("190.1"), last=Decimal("190.05"), quoted_at=NOW
    )
    assert isinstance(second, Quote)
    assert (second.symbol, second.last) == ("MSFT", Decimal("400.5"))


async def test_frames_that_say_nothing_wake_nobody_and_break_nothing(stream: PriceStream) -> None:
    async with hearing(stream) as heard:
        stream.send(trade("AAPL", 190.0, NOW))
        for frame in (b"", b"\xc1", b"\x81\xa1T\xa1q", b"\x93\x01\x02\xc0", "text", b"[]", bytes(2000)):
            stream.send_frame(frame)
        for strange in (
            quote("AAPL", 0.0, 190.1, NOW),
            quote("AAPL", 191.0, 190.0, NOW),
            quote("AAPL", float("nan"), 190.0, NOW),
            {"T": "q", "S": "AAPL"},
            {"T": "q", "S": 7, "bp": 1.0, "ap": 1.0, "t": NOW},
            {"T": "q", "S": "AAPL", "bp": "1", "ap": True, "t": NOW},
            {"T": "q", "S": "AAPL", "bp": 1.0, "ap": 1.0, "t": "yesterday"},
            {"T": "b", "S": "AAPL", "c": 1.0},
            {"T": "unheard of"},
        ):
            stream.send(strange)
        stream.send(quote("AAPL", 189.9, 190.1, NOW))
        told = await next_of(heard)
    assert isinstance(told, Quote)
    assert (told.bid, told.last) == (Decimal("189.9"), Decimal(190))


@pytest.mark.parametrize("kind", ["x", "c"])
async def test_a_trade_that_is_taken_back_is_no_price_any_more(stream: PriceStream, kind: str) -> None:
    async with hearing(stream) as heard:
        stream.send(trade("AAPL", 19.0, NOW), {"T": kind, "S": "AAPL", "i": 1}, quote("AAPL", 189.9, 190.1, NOW))
        stream.send(trade("AAPL", 190.0, NOW))
        told = await next_of(heard)
    assert isinstance(told, Quote)
    assert told.last == Decimal(190)


async def test_it_ends_when_it_is_cut_and_may_be_begun_again(stream: PriceStream) -> None:
    for price in (190.0, 191.0):
        async with hearing(stream) as heard:
            stream.send(quote("AAPL", 189.9, 190.1, NOW), trade("AAPL", price, NOW))
            told = await next_of(heard)
            assert isinstance(told, Quote)
            assert told.last == Decimal(str(price))
            stream.drop()
            assert await next_of(heard) is None


async def test_a_wrong_key_or_too_many_symbols_are_refused_by_name(
    stream: PriceStream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(MarketRefused, match="auth failed"):
        await anext(quotes(account(stream, api_secret="wrong-secret"), ["AAPL"]))  # noqa: S106  a stand-in
    with pytest.raises(MarketRefused, match="symbol limit"):
        await anext(quotes(account(stream), [f"S{number}" for number in range(31)]))
    ours = "\n".join(each.getMessage() for each in caplog.records if each.name != "websockets.server")
    assert not any(secret in ours for secret in ("wrong-secret", SECRET, KEY))


async def test_what_passes_is_unavailable(stream: PriceStream) -> None:
    limit = {"T": "error", "code": 406, "msg": "connection limit exceeded"}
    for phase in ("welcome", "entry", "refusal"):
        setattr(stream, phase, limit)
        with pytest.raises(MarketUnavailable):
            await anext(quotes(account(stream), ["AAPL"]))
        setattr(stream, phase, None)
    stream.welcome, stream.refusal = None, {"T": "error", "code": 500, "msg": "internal error"}
    with pytest.raises(MarketUnavailable, match="internal error"):
        await anext(quotes(account(stream), ["AAPL"]))
    for url in ("ws://127.0.0.1:1/v2/iex", stream.url.replace("ws:", "http:")):
        with pytest.raises(MarketUnavailable):
            await anext(quotes(account(stream, stream_url=url), ["AAPL"]))
