"""What became of orders at Alpaca: their fills, their protective legs, and the account's whole book."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from adapters.alpaca_broker import AlpacaBroker
from adapters.alpaca_broker.pages import MOST_PAGES
from tests.adapters.wire.alpaca_orders import BY_NAME, ORDERS, adapter, request
from tests.fakes.broker_server import Brokerage, BrokerServer, Fault, late, serving
from trading.errors import BrokerUnavailable
from trading.instruments import Side
from trading.orders import Leg, OrderRequest, OrderState, effective

D = Decimal
FILLS = "/v2/account/activities/FILL"
BRACKET = request(stop=D(180), target=D(210))
NAME = BRACKET.client_order_id


@pytest.fixture
def server() -> Iterator[BrokerServer]:
    with serving(Brokerage(1_000_000)) as served:
        served.brokerage.list_asset("AAPL", "190.25")
        served.brokerage.resting = True
        yield served


@pytest.fixture
def broker(server: BrokerServer) -> AlpacaBroker:
    return adapter(server)


async def test_fills_have_alpacas_ids_and_come_oldest_first(server: BrokerServer, broker: AlpacaBroker) -> None:
    await broker.submit(request())
    made = [server.brokerage.fill(NAME, qty, price) for qty, price in ((4, "190.2512"), (5, "190.3"), (1, "190.1"))]
    server.activities.shuffle, server.activities.twice = Random(1), True
    fills = await broker.fills(NAME)
    assert [fill.fill_id for fill in fills] == [execution.activity_id for execution in made]
    assert [(fill.quantity, fill.price, fill.commission) for fill in fills] == [
        (D(4), D("190.2512"), D(0)),
        (D(5), D("190.3"), D(0)),
        (D(1), D("190.1"), D(0)),
    ]
    assert {(fill.client_order_id, fill.symbol, fill.side) for fill in fills} == {(NAME, "AAPL", Side.BUY)}
    found = await broker.find(NAME)
    assert found is not None
    assert (found.state, found.filled_quantity) == (OrderState.FILLED, D(10))
    assert [asked.query["order_id"] for asked in server.asked("GET", FILLS)] == [found.broker_order_id]


async def test_fills_of_an_order_that_is_not_there_are_none(broker: AlpacaBroker) -> None:
    assert await broker.fills("main-none") == ()
    assert await broker.legs("main-none") == ()


async def test_a_list_that_is_behind_the_order_is_told_as_it_is(server: BrokerServer, broker: AlpacaBroker) -> None:
    await broker.submit(request())
    server.brokerage.fill(NAME, 4)
    server.brokerage.fill(NAME, 6)
    server.activities.delay(newest=1, lookups=1)
    assert [fill.quantity for fill in await broker.fills(NAME)] == [4]
    assert [fill.quantity for fill in await broker.fills(NAME)] == [4, 6]


async def test_every_page_of_fills_is_turned(server: BrokerServer, broker: AlpacaBroker) -> None:
    await broker.submit(request(quantity=D(250)))
    for _ in range(250):
        server.brokerage.fill(NAME, 1)
    fills = await broker.fills(NAME)
    assert len({fill.fill_id for fill in fills}) == 250
    assert len(server.asked("GET", FILLS)) == 3


def activity(number: int, order_id: str, **other: Any) -> dict[str, Any]:
    row = {
        "id": f"20261123150000000::{number}",
        "activity_type": "FILL",
        "order_id": order_id,
        "symbol": "AAPL",
        "side": "buy",
        "qty": "1",
        "price": "190.25",
        "transaction_time": "2026-11-23T15:00:00Z",
        "type": "partial_fill",
    }
    return row | other


async def test_pages_without_an_end_are_unknown(server: BrokerServer, broker: AlpacaBroker) -> None:
    held = await broker.submit(request())
    page = Fault(status=200, body=json.dumps([activity(n, held.broker_order_id) for n in range(100)]).encode())
    server.faults.plan("GET", FILLS, *[page] * (MOST_PAGES + 1))
    with pytest.raises(BrokerUnavailable, match="pages"):
        await broker.fills(NAME)
    assert server.faults.left == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": ""},
        {"id": "a b"},
        {"order_id": "another"},
        {"order_id": None},
        {"qty": "0"},
        {"qty": "NaN"},
        {"qty": None},
        {"price": "0"},
        {"price": "-1"},
        {"price": "1e30"},
        {"price": None},
        {"side": "neither"},
        {"symbol": "aapl"},
        {"transaction_time": "2026-11-23T15:00:00"},
        {"transaction_time": None},
    ],
)
async def test_a_fill_that_cannot_be_read_makes_the_whole_list_unknown(
    server: BrokerServer, broker: AlpacaBroker, wrong: dict[str, Any]
) -> None:
    held = await broker.submit(request())
    told = [activity(1, held.broker_order_id), activity(2, held.broker_order_id) | wrong]
    server.faults.plan("GET", FILLS, Fault(status=200, body=json.dumps(told).encode()))
    with pytest.raises(BrokerUnavailable, match="cannot be read"):
        await broker.fills(NAME)


async def test_an_id_that_is_told_in_two_ways_is_unknown(server: BrokerServer, broker: AlpacaBroker) -> None:
    held = await broker.submit(request())
    told = [activity(1, held.broker_order_id), activity(1, held.broker_order_id, price="190.26")]
    server.faults.plan("GET", FILLS, Fault(status=200, body=json.dumps(told).encode()))
    with pytest.raises(BrokerUnavailable, match="two ways"):
        await broker.fills(NAME)


async def test_a_fill_that_is_taken_back_comes_with_the_one_that_reverses_it(
    server: BrokerServer, broker: AlpacaBroker
) -> None:
    await broker.submit(request())
    first, second = server.brokerage.fill(NAME, 4), server.brokerage.fill(NAME, 6)
    server.brokerage.bust(first)
    fills = await broker.fills(NAME)
    assert [fill.reverses for fill in fills if fill.reverses] == [first.activity_id]
    assert [fill.fill_id for fill in effective(fills)] == [second.activity_id]
    found = await broker.find(NAME)
    assert found is not None
    # It does not fill again: the rest is over, and says why.
    assert (found.state, found.filled_quantity) == (OrderState.CANCELLED, D(6))
    assert "taken back" in str(found.reason)


async def test_a_fill_that_is_taken_back_leaves_the_protection_of_the_others(
    server: BrokerServer, broker: AlpacaBroker
) -> None:
    await broker.submit(BRACKET)
    first, _ = server.brokerage.fill(NAME, 4), server.brokerage.fill(NAME, 6)
    server.brokerage.bust(first)
    assert [leg.state for leg in await broker.legs(NAME)] == [OrderState.ACCEPTED] * 2


async def test_legs_are_told_once_the_entry_has_filled_whole(server: BrokerServer, broker: AlpacaBroker) -> None:
    await broker.submit(BRACKET)
    assert await broker.legs(NAME) == ()
    server.brokerage.fill(NAME, 4)
    assert await broker.legs(NAME) == ()
    server.brokerage.fill(NAME, 6)
    stop, target = await broker.legs(NAME)
    assert (stop.leg, stop.stop_price, stop.side, stop.quantity, stop.state) == (
        Leg.STOP,
        D(180),
        Side.SELL,
        D(10),
        OrderState.ACCEPTED,
    )
    assert (target.leg, target.limit_price, target.quantity, target.state) == (
        Leg.TARGET,
        D(210),
        D(10),
        OrderState.ACCEPTED,
    )
    assert {stop.parent_id, target.parent_id} == {NAME}
    assert not {stop.client_order_id, target.client_order_id} & {NAME, ""}


async def test_a_leg_is_followed_by_the_id_that_alpaca_gave_it(server: BrokerServer, broker: AlpacaBroker) -> None:
    await broker.submit(BRACKET)
    server.brokerage.fill(NAME)
    stop, target = await broker.legs(NAME)
    server.brokerage.fill(stop.client_order_id, None, "179.9")
    fresh = adapter(server)
    found = await fresh.find(stop.client_order_id)
    assert found is not None
    assert (found.leg, found.state) == (Leg.STOP, OrderState.FILLED)
    (fill,) = await fresh.fills(stop.client_order_id)
    assert (fill.client_order_id, fill.price, fill.side) == (stop.client_order_id, D("179.9"), Side.SELL)
    gone = await fresh.find(target.client_order_id)
    assert gone is not None
    assert (gone.leg, gone.state) == (Leg.TARGET, OrderState.CANCELLED)
    assert [leg.state for leg in await fresh.legs(NAME)] == [OrderState.FILLED, OrderState.CANCELLED]


async def test_legs_that_died_with_their_entry_never_protected_anything(
    server: BrokerServer, broker: AlpacaBroker
) -> None:
    await broker.submit(BRACKET)
    server.brokerage.fill(NAME, 4)
    await broker.cancel(NAME)
    assert await broker.legs(NAME) == ()
    assert [order.client_order_id for order in await broker.orders("main")] == [NAME]


async def test_an_oto_has_one_leg(server: BrokerServer, broker: AlpacaBroker) -> None:
    await broker.submit(request(stop=D(180)))
    server.brokerage.fill(NAME)
    (stop,) = await broker.legs(NAME)
    assert (stop.leg, stop.state) == (Leg.STOP, OrderState.ACCEPTED)


async def test_the_book_is_the_whole_account(server: BrokerServer, broker: AlpacaBroker) -> None:
    await broker.submit(BRACKET)
    server.brokerage.fill(NAME)
    hand = server.brokerage.external_order("AAPL", "buy", 1)
    waiting = request(client_order_id="main-2-AAPL-buy-entry", stop=D(180), target=D(210))
    await broker.submit(waiting)
    book = {order.client_order_id: order for order in await broker.orders("main")}
    stop, target = await broker.legs(NAME)
    assert set(book) == {
        NAME,
        stop.client_order_id,
        target.client_order_id,
        hand.client_order_id,
        waiting.client_order_id,
    }
    assert book[stop.client_order_id] == stop
    assert (book[hand.client_order_id].leg, book[hand.client_order_id].parent_id) == (Leg.ENTRY, None)


async def test_open_orders_and_their_families_are_told_however_old(server: BrokerServer, broker: AlpacaBroker) -> None:
    """The stop of a filled bracket is `held` still, which Alpaca counts neither as open nor tells by itself."""
    await broker.submit(BRACKET)
    server.brokerage.fill(NAME)
    await broker.submit(request(client_order_id="main-old-entry", quantity=D(1)))
    await broker.submit(request(client_order_id="main-over-entry", quantity=D(1)))
    server.brokerage.fill("main-over-entry")
    stop, target = await broker.legs(NAME)
    latest = max(order.received_at for order in await broker.orders("main"))
    found = {order.client_order_id for order in await broker.orders("main", latest + timedelta(seconds=1))}
    assert found == {NAME, stop.client_order_id, target.client_order_id, "main-old-entry"}


async def test_every_page_of_orders_is_turned(server: BrokerServer, broker: AlpacaBroker) -> None:
    for number in range(510):
        server.brokerage.external_order("AAPL", "buy", 1, client_order_id=f"main-{number}-entry")
    book = await broker.orders("main")
    assert len({order.client_order_id for order in book}) == 510
    assert len(server.asked("GET", ORDERS)) == 2


async def test_orders_of_one_instant_are_not_lost_between_pages(server: BrokerServer, broker: AlpacaBroker) -> None:
    row = {
        "symbol": "AAPL",
        "qty": "1",
        "filled_qty": "0",
        "type": "market",
        "side": "buy",
        "status": "accepted",
        "submitted_at": "2026-11-23T15:00:00.000000Z",
    }
    first = [row | {"id": f"id-{n}", "client_order_id": f"main-{n}-entry"} for n in range(500)]
    second = [row | {"id": f"id-{n}", "client_order_id": f"main-{n}-entry"} for n in range(499, 502)]
    server.faults.plan("GET", ORDERS, *(Fault(status=200, body=json.dumps(page).encode()) for page in (first, second)))
    assert len(await broker.orders("main")) == 502
    after = server.asked("GET", ORDERS)[1].query["after"]
    assert after < "2026-11-23T15:00:00"


async def test_a_look_that_comes_too_early_says_that_there_is_no_order_and_then_finds_it(
    server: BrokerServer, broker: AlpacaBroker
) -> None:

    server.faults.plan("POST", ORDERS, late(lookups=2))
    await broker.submit(request())
    assert [await broker.find(NAME) is not None for _ in range(3)] == [False, False, True]
    assert len(server.asked("GET", BY_NAME)) == 3


@pytest.mark.parametrize(
    ("name", "side", "leg"),
    [
        ("main-1-AAPL-buy-entry", "buy", Leg.ENTRY),
        ("main-1-AAPL-sell-exit", "sell", Leg.EXIT),
        ("main-1-AAPL-sell-exit.3", "sell", Leg.EXIT),
        ("main-1-AAPL-sell-stop.2", "sell", Leg.STOP),
        ("main-1-AAPL-sell-target", "sell", Leg.TARGET),
        ("by-hand", "buy", Leg.ENTRY),
        ("by-hand", "sell", Leg.EXIT),
    ],
)
async def test_an_orders_part_is_in_its_id_and_a_strangers_follows_from_its_side(
    server: BrokerServer, broker: AlpacaBroker, name: str, side: str, leg: Leg
) -> None:
    server.brokerage.set_position("AAPL", 10)
    server.brokerage.external_order("AAPL", side, 1, client_order_id=name)
    found = await broker.find(name)
    assert found is not None
    assert found.leg is leg


async def test_ids_are_looked_up_once(server: BrokerServer, broker: AlpacaBroker) -> None:
    wanted: OrderRequest = request()
    await broker.submit(wanted)
    await broker.fills(NAME)
    await broker.fills(NAME)
    assert server.asked("GET", BY_NAME) == []
