"""Alpaca's stream of trade updates: it wakes, and tells nothing that is booked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from typing import Any, cast

import pytest
from pydantic import SecretStr

from adapters.alpaca_broker.stream import moves
from tests.adapters.wire.alpaca_orders import access
from tests.fakes.broker_server import KEY, SECRET, Brokerage, BrokerServer, serving
from trading.errors import BrokerRefused, BrokerUnavailable

SECONDS = 10


@pytest.fixture
def server() -> Iterator[BrokerServer]:
    with serving(Brokerage(100_000)) as served:
        served.brokerage.list_asset("AAPL", "190.25")
        served.brokerage.resting = True
        yield served


@asynccontextmanager
async def hearing(server: BrokerServer) -> AsyncIterator[asyncio.Queue[str | None]]:
    """What the stream says from now on, None at its end."""
    heard: asyncio.Queue[str | None] = asyncio.Queue()

    async def hear() -> None:
        async for name in moves(access(server)):
            heard.put_nowait(name)
        heard.put_nowait(None)

    task = asyncio.create_task(hear())
    assert await asyncio.to_thread(server.stream.listened.wait, SECONDS)
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=SECONDS)


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """What was logged at our end; the stand-in's end runs in this process, too."""
    return "\n".join(each.getMessage() for each in caplog.records if each.name != "websockets.server")


async def next_of(heard: asyncio.Queue[str | None]) -> str | None:
    return await asyncio.wait_for(heard.get(), SECONDS)


@pytest.mark.parametrize("binary", [True, False])
async def test_it_tells_which_order_moved(server: BrokerServer, binary: bool) -> None:  # noqa: FBT001  a parameter
    server.stream.binary = binary
    async with hearing(server) as heard:
        server.brokerage.external_order("AAPL", "buy", 5, client_order_id="main-1-entry")
        assert await next_of(heard) == "main-1-entry"
        server.brokerage.fill("main-1-entry", 2)
        server.brokerage.fill("main-1-entry", 3)
        assert [await next_of(heard), await next_of(heard)] == ["main-1-entry"] * 2


async def test_what_is_no_news_of_an_order_wakes_nobody(server: BrokerServer) -> None:
    async with hearing(server) as heard:
        for message in (
            {"stream": "account_updates", "data": {}},
            {"stream": "trade_updates", "data": None},
            {"stream": "trade_updates", "data": {"order": {"client_order_id": 7}}},
            {"stream": "trade_updates"},
            cast("dict[str, Any]", [1]),
        ):
            server.stream.send(message)
        server.brokerage.external_order("AAPL", "buy", 5, client_order_id="main-1-entry")
        assert await next_of(heard) == "main-1-entry"


async def test_it_ends_when_it_is_cut_and_may_be_begun_again(server: BrokerServer) -> None:
    for number in range(2):
        async with hearing(server) as heard:
            server.brokerage.external_order("AAPL", "buy", 1, client_order_id=f"main-{number}-entry")
            assert await next_of(heard) == f"main-{number}-entry"
            server.stream.drop()
            assert await next_of(heard) is None


async def test_a_wrong_key_is_refused_and_not_tried_again(
    server: BrokerServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(BrokerRefused, match="ALPACA_API_KEY"):
        await anext(moves(access(server, api_secret=SecretStr("wrong-secret"))))
    assert server.stream.handshakes == [False]
    assert "wrong-secret" not in logged(caplog)


async def test_no_secret_is_logged_by_a_stream_that_works(
    server: BrokerServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with hearing(server) as heard:
        server.brokerage.external_order("AAPL", "buy", 5, client_order_id="main-1-entry")
        assert await next_of(heard) == "main-1-entry"
    assert SECRET not in logged(caplog)
    assert KEY not in logged(caplog)


async def test_no_stream_is_to_be_had_where_nobody_streams(server: BrokerServer) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    other = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    for port in (1, other.sockets[0].getsockname()[1]):
        with pytest.raises(BrokerUnavailable, match="stream"):
            await anext(moves(access(server, stream_url=f"ws://127.0.0.1:{port}/stream")))
    other.close()


async def test_a_stream_that_says_nothing_to_the_key_is_given_up() -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        left.set()

    left = asyncio.Event()
    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    with serving() as server, pytest.raises(BrokerUnavailable, match="TimeoutError"):
        await anext(moves(access(server, stream_url=f"ws://127.0.0.1:{port}", timeout_seconds=0.2)))
    # Of a connection that is still open when the test has ended, whatever test runs then would be told.
    await asyncio.wait_for(left.wait(), SECONDS)
    silent.close()


async def test_who_stops_listening_leaves_no_connection(server: BrokerServer) -> None:
    async with aclosing(cast("Any", moves(access(server)))) as stream:
        first = asyncio.create_task(anext(stream))
        assert await asyncio.to_thread(server.stream.listened.wait, SECONDS)
        server.brokerage.external_order("AAPL", "buy", 5, client_order_id="main-1-entry")
        assert await asyncio.wait_for(first, SECONDS) == "main-1-entry"
    for _ in range(200):
        if not server.stream._listening:  # noqa: SLF001  the stand-in tells it no other way
            break
        await asyncio.sleep(0.02)
    assert not server.stream._listening  # noqa: SLF001  see above
