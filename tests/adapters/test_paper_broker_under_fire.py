"""The paper broker with many callers at once, connections that die and a market that is silent, on a real Postgres."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.paper_broker import PaperBroker
from adapters.postgres.engine import Database, application_engine, owner_engine
from tests.fakes.faulty import Fault, faulty
from tests.fakes.floor import Floor
from trading.errors import BrokerUnavailable, MarketUnavailable, OrderRefused
from trading.instruments import Side
from trading.money import ZERO
from trading.orders import OrderState
from trading.ports import Broker, Market
from trading.settlement import BrokerOrder


@pytest.fixture
def floor(engine: AsyncEngine) -> Floor:
    return Floor(engine)


async def test_twenty_submits_of_one_id_at_once_make_one_order(floor: Floor) -> None:
    answers = await asyncio.gather(*(floor.buy("a", "10") for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(answer, BrokerOrder) for answer in answers) == 1
    assert sum(isinstance(answer, OrderRefused) for answer in answers) == 19
    assert await floor.fills("a") == [("10", "100.10")]


async def test_one_id_in_two_symbols_at_once_makes_one_order(floor: Floor) -> None:
    floor.market.quote("MSFT", "80", "80", floor.at)
    asked = [floor.buy("a", "10", symbol=symbol) for symbol in ("AAPL", "MSFT") * 5]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(answer, OrderRefused) for answer in answers) == 9
    assert len(await floor.broker.fills(f"{floor.desk_id}-a")) == 1


async def test_exits_sent_at_once_never_sell_more_than_is_held(floor: Floor) -> None:
    await floor.buy("a", "10", stop="95")
    sold = await asyncio.gather(*(floor.sell(f"x{number}", "3") for number in range(10)))
    assert sum(order.filled_quantity for order in sold) == 9
    assert sum(order.state is OrderState.REJECTED for order in sold) == 7


async def test_matches_cancels_and_exits_at_once_agree(floor: Floor) -> None:
    floor.market.volume = 100
    await floor.buy("a", "25", stop="95")
    later = {"AAPL": floor.market.quote("AAPL", "94", "94", floor.at + timedelta(minutes=1))}
    name = f"{floor.desk_id}-a"
    work = [floor.broker.match(later) for _ in range(5)] + [floor.broker.cancel(name), floor.sell("out", "5")]
    await asyncio.gather(*work)
    held = ZERO
    for order in await floor.broker.orders(floor.desk_id):
        fills = await floor.broker.fills(order.client_order_id)
        held += sum((fill.signed_quantity for fill in fills), ZERO)
        assert sum(fill.quantity for fill in fills) == order.filled_quantity
        assert len(fills) <= 1
    assert held == 0


async def test_matches_of_the_same_symbols_in_any_order_never_block_each_other(floor: Floor) -> None:
    for name, symbol in (("a", "AAPL"), ("m", "MSFT"), ("b", "AAPL"), ("n", "MSFT")):
        await floor.buy(name, "1", symbol=symbol, limit_price="90")
    later = floor.at + timedelta(minutes=1)
    quotes = {symbol: floor.market.quote(symbol, "89", "89", later) for symbol in ("AAPL", "MSFT")}
    turned = dict(reversed(quotes.items()))
    await asyncio.gather(*(floor.broker.match(each) for each in (quotes, turned) * 8))
    assert set((await floor.states()).values()) == {("filled", "1")}


@asynccontextmanager
async def killed_at_its_first_fill(database: Database) -> AsyncIterator[None]:
    """Hold the fills so that a transaction which has written its orders must wait, and end its connection there."""
    engine = owner_engine(database)
    async with engine.connect() as holder:
        await holder.execute(text("LOCK TABLE paper_fills IN SHARE MODE"))
        killing = asyncio.ensure_future(_kill_the_waiting(holder))
        yield
        await killing
    await engine.dispose()


async def _kill_the_waiting(holder: AsyncConnection) -> None:
    waiting = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted AND relation = 'paper_fills'::regclass"
    for _ in range(1000):
        if (await holder.execute(text(waiting))).first():
            return
        await asyncio.sleep(0.01)
    pytest.fail("no transaction came to write a fill")


async def test_a_submit_whose_connection_is_killed_in_the_middle_leaves_nothing(
    floor: Floor, database: Database
) -> None:
    async with killed_at_its_first_fill(database):
        with pytest.raises(BrokerUnavailable):
            await floor.buy("a", "10", stop="95")
    assert await floor.states() == {}
    await floor.buy("a", "10", stop="95")
    assert await floor.states() == {"a": ("filled", "10"), "a-stop": ("accepted", "0")}


async def test_a_match_whose_connection_is_killed_in_the_middle_has_not_happened(
    floor: Floor, database: Database
) -> None:
    await floor.buy("a", "10", stop="95", target="110")
    before = await floor.states()
    async with killed_at_its_first_fill(database):
        with pytest.raises(BrokerUnavailable):
            await floor.quote("90")
    assert (await floor.states(), await floor.fills("a-stop")) == (before, [])
    await floor.quote("90")
    assert await floor.fills("a-stop") == [("10", "90.00")]


async def test_when_the_market_does_not_answer_the_order_is_unknown_and_was_not_entered(floor: Floor) -> None:
    market: Market = faulty(floor.market, Fault("quotes", 1, "before", "error", raises=MarketUnavailable))
    broker: Broker = PaperBroker(floor.engine, market)
    with pytest.raises(BrokerUnavailable, match="planned"):
        await broker.submit(floor.request("a", Side.BUY, "10"))
    assert await floor.states() == {}


async def test_another_process_sees_the_same_book(floor: Floor, database: Database) -> None:
    order = await floor.buy("a", "10", stop="95")
    elsewhere = application_engine(database)
    try:
        broker = PaperBroker(elsewhere, floor.market)
        assert await broker.find(order.client_order_id) == order
        await broker.match({"AAPL": floor.market.quote("AAPL", "90", "90", floor.at + timedelta(minutes=1))})
    finally:
        await elsewhere.dispose()
    assert (await floor.states())["a-stop"] == ("filled", "10")
