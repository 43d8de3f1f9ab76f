"""The stand-in's stream of trade updates is one that Alpaca's own client hears."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest

from tests.fakes.alpaca_sdk import TradeUpdate, TradingStream
from tests.fakes.broker_server import KEY, SECRET, Brokerage, BrokerServer, serving

SECONDS = 10
BRACKET = {
    "order_class": "bracket",
    "take_profit": {"limit_price": 210},
    "stop_loss": {"stop_price": 180},
}


@pytest.fixture
def broker() -> Iterator[BrokerServer]:
    with serving(Brokerage(100_000)) as server:
        server.brokerage.list_asset("AAPL", "190.25")
        yield server


class Ear:
    """What a real client of the stream hears."""

    def __init__(self, broker: BrokerServer, *, trusted: bool = True, raw: bool = False) -> None:
        self.heard: asyncio.Queue[Any] = asyncio.Queue()
        self.stream = TradingStream(KEY, SECRET if trusted else "wrong", raw_data=raw, url_override=broker.stream.url)
        self.stream._reconnect_min_backoff = 0.01  # noqa: SLF001  a test need not wait a second for each
        self.stream.subscribe_trade_updates(self._hear)

    async def _hear(self, update: Any) -> None:
        self.heard.put_nowait(update)

    async def next(self) -> TradeUpdate:
        update = await asyncio.wait_for(self.heard.get(), SECONDS)
        assert isinstance(update, TradeUpdate)
        return update

    async def events(self, count: int) -> list[str]:
        return [
            str(getattr(update.event, "value", update.event)) for update in [await self.next() for _ in range(count)]
        ]


@asynccontextmanager
async def listening(broker: BrokerServer, **how: Any) -> AsyncIterator[Ear]:
    ear = Ear(broker, **how)
    forever: Any = ear.stream._run_forever  # noqa: SLF001  `run` wants a loop of its own
    task = asyncio.create_task(forever())
    try:
        if how.get("trusted", True):
            assert await asyncio.to_thread(broker.stream.listened.wait, SECONDS)
        yield ear
    finally:
        await ear.stream.stop_ws()
        broker.stream.drop()  # the client looks whether to stop only when it hears something
        await asyncio.wait_for(task, SECONDS)


async def test_the_life_of_an_order_is_told(broker: BrokerServer) -> None:
    async with listening(broker) as ear:
        broker.brokerage.resting = True
        broker.brokerage.external_order("AAPL", "buy", 5, client_order_id="life")
        broker.brokerage.fill("life", 2, "190.2")
        broker.brokerage.fill("life", 3, "190.3")
        new, part, rest = [await ear.next() for _ in range(3)]
    assert (new.event, new.order.status.value, new.qty) == ("new", "new", None)
    assert (part.event, part.qty, part.price, part.position_qty) == ("partial_fill", 2, 190.2, 2)
    assert (rest.event, rest.order.filled_avg_price, rest.position_qty) == ("fill", "190.26", 5)
    assert [str(update.execution_id) for update in (part, rest)] == [fill.id for fill in broker.brokerage.executions]


async def test_frames_may_be_text_and_updates_raw(broker: BrokerServer) -> None:
    broker.stream.binary = False
    async with listening(broker, raw=True) as ear:
        broker.brokerage.external_order("AAPL", "buy", 5)
        told = await asyncio.wait_for(ear.heard.get(), SECONDS)
    assert (told["stream"], told["data"]["event"], told["data"]["order"]["qty"]) == ("trade_updates", "new", "5")


@pytest.mark.parametrize(
    ("how", "event"), [("expire", "expired"), ("reject", "rejected"), ("cancel_by_broker", "canceled")]
)
async def test_ends_are_told(broker: BrokerServer, how: str, event: str) -> None:
    broker.brokerage.resting = True
    async with listening(broker) as ear:
        broker.brokerage.external_order("AAPL", "buy", 5, client_order_id="end")
        getattr(broker.brokerage, how)("end")
        assert await ear.events(2) == ["new", event]


async def test_a_bust_is_told(broker: BrokerServer) -> None:
    async with listening(broker) as ear:
        broker.brokerage.external_order("AAPL", "buy", 5)
        [fill] = broker.brokerage.executions
        broker.brokerage.bust(fill)
        assert await ear.events(2) == ["new", "fill"]
        bust = await ear.next()
    assert (bust.event, bust.position_qty, str(bust.execution_id)) == ("trade_bust", 0, fill.id)


async def test_a_stop_that_dies_of_the_profit_dies_in_silence(broker: BrokerServer) -> None:
    async with listening(broker) as ear:
        broker.brokerage.external_order("AAPL", "buy", 5, client_order_id="b", **BRACKET)
        broker.brokerage.set_price("AAPL", 211)
        broker.brokerage.external_order("AAPL", "buy", 1)
        assert await ear.events(6) == ["new", "fill", "new", "fill", "new", "fill"]
    assert [leg.status for leg in broker.brokerage.order("b").legs] == ["filled", "canceled"]


async def test_a_stop_that_is_hit_replaces_the_profit(broker: BrokerServer) -> None:
    async with listening(broker) as ear:
        broker.brokerage.external_order("AAPL", "buy", 5, client_order_id="b", **BRACKET)
        broker.brokerage.set_price("AAPL", 179)
        updates = [await ear.next() for _ in range(6)]
    assert [update.event for update in updates] == ["new", "fill", "new", "replaced", "new", "fill"]
    assert [update.order.legs for update in updates] == [None] * 6


async def test_messages_may_be_lost_doubled_and_late(broker: BrokerServer) -> None:
    broker.brokerage.resting = True
    broker.stream.fates = ["lost", "twice", "held", "held", "held", "told"]
    async with listening(broker) as ear:
        broker.brokerage.external_order("AAPL", "buy", 5, client_order_id="one")
        for _ in range(5):
            broker.brokerage.fill("one", 1)
        assert await ear.events(3) == ["partial_fill", "partial_fill", "fill"]
        broker.stream.release(Random(1))
        late = [await ear.next() for _ in range(3)]
    numbers = [update.position_qty for update in late]
    assert sorted(number or 0 for number in numbers) == [2, 3, 4]
    assert numbers != [2, 3, 4]


async def test_a_dropped_client_comes_back_and_has_missed_what_was_told(
    broker: BrokerServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    broker.brokerage.resting = True
    async with listening(broker) as ear:
        broker.stream.drop()
        broker.brokerage.external_order("AAPL", "buy", 5, client_order_id="one")
        assert await asyncio.to_thread(broker.stream.listened.wait, SECONDS)
        broker.brokerage.fill("one")
        assert await ear.events(1) == ["fill"]
    assert broker.stream.handshakes[:2] == [True, True]


async def test_a_wrong_key_hears_nothing(broker: BrokerServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    async with listening(broker, trusted=False) as ear:
        for _ in range(2):  # it tries again for ever, and only logs
            assert await asyncio.to_thread(broker.stream.refused.wait, SECONDS)
            broker.stream.refused.clear()
        broker.brokerage.external_order("AAPL", "buy", 5)
        assert ear.heard.empty()
    assert not any(broker.stream.handshakes)
