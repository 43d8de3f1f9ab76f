"""Orders to Alpaca: what goes over the wire, and what its answers mean."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.alpaca_broker import AlpacaBroker
from adapters.alpaca_broker.sending import on_tick
from adapters.alpaca_broker.statuses import STATUSES, state_of
from tests.adapters.wire.alpaca_orders import BY_NAME, ORDERS, adapter, request
from tests.fakes.broker_server import Brokerage, BrokerServer, refusal, serving
from trading.errors import DuplicateOrder, OrderRefused
from trading.instruments import Side
from trading.orders import Leg, OrderKind, OrderState, TimeInForce

D = Decimal
# What every order says; a table's row says what is otherwise.
ALWAYS = {"extended_hours": False, "order_class": "simple", "time_in_force": "day", "qty": 10.0, "symbol": "AAPL"}


@pytest.fixture
def server() -> Iterator[BrokerServer]:
    """An account with 100,000 dollars; AAPL may be bought in fractions, BRK.B may not, and orders rest."""
    with serving(Brokerage(100_000)) as served:
        served.brokerage.list_asset("AAPL", "190.25")
        served.brokerage.list_asset("BRK.B", "480", fractionable=False)
        served.brokerage.list_asset("PENNY", "0.5")
        served.brokerage.resting = True
        yield served


@pytest.fixture
def broker(server: BrokerServer) -> AlpacaBroker:
    return adapter(server)


def posted(server: BrokerServer) -> dict[str, Any]:
    """The one order that went over the wire."""
    (asked,) = server.asked("POST", ORDERS)
    body: dict[str, Any] = asked.body
    return body


SENT: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"type": "market", "side": "buy"}),
    (
        {"kind": OrderKind.LIMIT, "limit_price": D("190.126")},
        {"type": "limit", "side": "buy", "limit_price": 190.12},
    ),
    (
        {"kind": OrderKind.STOP, "stop_price": D("195.001"), "time_in_force": TimeInForce.GTC},
        {"type": "stop", "side": "buy", "stop_price": 195.0, "time_in_force": "gtc"},
    ),
    (
        {"stop": D("180.001"), "target": D("210.001")},
        {
            "type": "market",
            "side": "buy",
            "order_class": "bracket",
            "stop_loss": {"stop_price": 180.01},
            "take_profit": {"limit_price": 210.01},
        },
    ),
    (
        {"stop": D(180), "time_in_force": TimeInForce.GTC},
        {
            "type": "market",
            "side": "buy",
            "order_class": "oto",
            "stop_loss": {"stop_price": 180.0},
            "time_in_force": "gtc",
        },
    ),
    (
        {"kind": OrderKind.LIMIT, "limit_price": D(190), "target": D(210)},
        {
            "type": "limit",
            "side": "buy",
            "limit_price": 190.0,
            "order_class": "oto",
            "take_profit": {"limit_price": 210.0},
        },
    ),
    (
        {"quantity": D("0.123456789"), "stop": D(180), "target": D(210), "time_in_force": TimeInForce.GTC},
        {"type": "market", "side": "buy", "qty": 0.123456789},
    ),
    ({"symbol": "BRK.B", "quantity": D(2)}, {"type": "market", "side": "buy", "symbol": "BRK.B", "qty": 2.0}),
    (
        {"symbol": "PENNY", "kind": OrderKind.LIMIT, "limit_price": D("0.49996")},
        {"type": "limit", "side": "buy", "symbol": "PENNY", "limit_price": 0.4999},
    ),
]


@pytest.mark.parametrize(("asked", "sent"), SENT)
async def test_an_order_goes_out_as_it_was_intended_and_says_all_that_has_a_default(
    server: BrokerServer, broker: AlpacaBroker, asked: dict[str, Any], sent: dict[str, Any]
) -> None:
    wanted = request(**asked)
    held = await broker.submit(wanted)
    assert posted(server) == {**ALWAYS, "client_order_id": wanted.client_order_id, **sent}
    told = (held.client_order_id, held.symbol, held.side, held.quantity, held.leg, held.state)
    assert told == (wanted.client_order_id, wanted.symbol, wanted.side, wanted.quantity, Leg.ENTRY, OrderState.ACCEPTED)
    assert await broker.find(wanted.client_order_id) == held
    assert server.accepted == {wanted.client_order_id: 1}


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        (
            {"leg": Leg.STOP, "kind": OrderKind.STOP, "stop_price": D("180.001")},
            {"type": "stop", "stop_price": 180.01, "time_in_force": "gtc"},
        ),
        (
            {"leg": Leg.TARGET, "kind": OrderKind.LIMIT, "limit_price": D("210.001")},
            {"type": "limit", "limit_price": 210.01, "time_in_force": "gtc"},
        ),
        (
            # Alpaca takes a fraction for the session only: better a stop for today than none.
            {"leg": Leg.STOP, "kind": OrderKind.STOP, "stop_price": D(180), "quantity": D("3.5")},
            {"type": "stop", "stop_price": 180.0, "qty": 3.5},
        ),
    ],
)
async def test_protection_that_is_placed_alone_is_a_simple_order(
    server: BrokerServer, broker: AlpacaBroker, asked: dict[str, Any], sent: dict[str, Any]
) -> None:
    server.brokerage.set_position("AAPL", 10)
    wanted = request(**asked, side=Side.SELL, parent_id="main-entry", time_in_force=TimeInForce.GTC)
    held = await broker.submit(wanted)
    assert posted(server) == {**ALWAYS, "client_order_id": wanted.client_order_id, "side": "sell", **sent}
    assert (held.leg, held.parent_id, held.state) == (wanted.leg, "main-entry", OrderState.ACCEPTED)
    found = await broker.find(wanted.client_order_id)
    assert found is not None
    assert (found.leg, found.parent_id) == (wanted.leg, None)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"client_order_id": "m" * 129}, "128 characters"),
        ({"quantity": D("123456789.123456789")}, "cannot be sent exactly"),
    ],
)
async def test_what_alpaca_could_not_take_is_refused_before_the_wire(
    server: BrokerServer, broker: AlpacaBroker, asked: dict[str, Any], words: str
) -> None:
    with pytest.raises(OrderRefused, match=words):
        await broker.submit(request(**asked))
    assert server.requests == []


@pytest.mark.parametrize(
    ("price", "up", "sent"),
    [
        ("190.126", False, 190.12),
        ("190.126", True, 190.13),
        ("190.12", True, 190.12),
        ("0.49996", True, 0.5),
        ("0.49994", False, 0.4999),
        ("1", True, 1.0),
    ],
)
def test_prices_are_a_whole_number_of_ticks(price: str, up: bool, sent: float) -> None:  # noqa: FBT001  a table's column
    assert on_tick(D(price), up=up) == sent


async def test_an_id_that_is_taken_is_a_duplicate_and_the_first_order_stands(
    server: BrokerServer, broker: AlpacaBroker
) -> None:
    first = await broker.submit(request())
    with pytest.raises(DuplicateOrder, match="must be unique"):
        await broker.submit(request(quantity=D(99)))
    assert await broker.find(first.client_order_id) == first
    assert server.accepted == {first.client_order_id: 1}


async def test_an_id_of_a_cancelled_order_is_taken_for_ever(server: BrokerServer, broker: AlpacaBroker) -> None:
    held = await broker.submit(request())
    await broker.cancel(held.client_order_id)
    with pytest.raises(DuplicateOrder):
        await broker.submit(request())
    assert server.accepted == {held.client_order_id: 1}


async def test_an_id_that_alpaca_does_not_like_is_no_duplicate(server: BrokerServer, broker: AlpacaBroker) -> None:
    server.faults.plan("POST", ORDERS, refusal(422, 40010001, "client_order_id must be no more than 128 characters"))
    with pytest.raises(OrderRefused) as refused:
        await broker.submit(request())
    assert not isinstance(refused.value, DuplicateOrder)


async def test_cancelling_ends_what_is_left_and_again_changes_nothing(
    server: BrokerServer, broker: AlpacaBroker
) -> None:
    held = await broker.submit(request())
    server.brokerage.fill(held.client_order_id, 4)
    cancelled = await broker.cancel(held.client_order_id)
    assert (cancelled.state, cancelled.filled_quantity) == (OrderState.CANCELLED, D(4))
    assert await broker.cancel(held.client_order_id) == cancelled
    assert len(server.asked("DELETE", f"{ORDERS}/{held.broker_order_id}")) == 1


async def test_a_cancel_that_comes_too_late_tells_what_became_of_the_order(
    server: BrokerServer, broker: AlpacaBroker
) -> None:
    held = await broker.submit(request())
    server.faults.plan("DELETE", "*", refusal(422, 42210000, 'order is already in "filled" state'))
    server.faults.plan("GET", BY_NAME, None)
    assert (await broker.cancel(held.client_order_id)).state is OrderState.ACCEPTED
    server.brokerage.cancels_pend = True
    pending = await broker.cancel(held.client_order_id)
    assert (pending.state, pending.reason) == (OrderState.ACCEPTED, "being cancelled")
    server.brokerage.fill(held.client_order_id)
    assert (await broker.cancel(held.client_order_id)).state is OrderState.FILLED


async def test_an_order_that_nobody_sent_cannot_be_cancelled(broker: AlpacaBroker) -> None:
    assert await broker.find("main-none") is None
    with pytest.raises(OrderRefused, match="no such order"):
        await broker.cancel("main-none")


async def test_the_account_and_its_assets_are_told(server: BrokerServer, broker: AlpacaBroker) -> None:
    await broker.submit(request(kind=OrderKind.LIMIT, limit_price=D(100)))
    account = await broker.account("main")
    assert (account.account_id, account.cash, account.equity, account.blocked) == (
        "PA3TESTDESK1",
        D(100_000),
        D(100_000),
        None,
    )
    # What the open order will take is spoken for.
    assert (account.buying_power, account.settled_cash) == (D(99_000), D(99_000))
    server.brokerage.trading_blocked = True
    server.brokerage.status = "ACCOUNT_UPDATED"
    assert (await broker.account("main")).blocked == "trading is blocked; its status is ACCOUNT_UPDATED"
    found = await broker.asset("BRK.B")
    assert found is not None
    assert (found.symbol, found.tradable, found.fractionable) == ("BRK.B", True, False)
    server.brokerage.list_asset("GONE", 5, tradable=False)
    gone = await broker.asset("GONE")
    assert gone is not None
    assert not gone.tradable
    assert await broker.asset("NONE") is None


def test_the_broker_may_be_late_for_longer_than_a_request_may_be_under_way(broker: AlpacaBroker) -> None:
    assert broker.late_visibility == timedelta(seconds=30)
    assert (broker.name, broker.synthetic) == ("alpaca", False)


RESTING = {
    "new",
    "accepted",
    "pending_new",
    "accepted_for_bidding",
    "pending_review",
    "held",
    "partially_filled",
    "stopped",
    "suspended",
    "done_for_day",
    "calculated",
    "pending_cancel",
    "pending_replace",
}
ENDED = {
    "filled": OrderState.FILLED,
    "canceled": OrderState.CANCELLED,
    "replaced": OrderState.CANCELLED,
    "expired": OrderState.EXPIRED,
    "rejected": OrderState.REJECTED,
}


def test_every_status_of_alpaca_has_its_state() -> None:
    assert set(STATUSES) == RESTING | set(ENDED)
    for status in RESTING:
        assert state_of(status, D(10), D(0))[0] is OrderState.ACCEPTED
        assert state_of(status, D(10), D(4))[0] is OrderState.PARTIALLY_FILLED
    for status, state in ENDED.items():
        filled = D(10) if status == "filled" else D(0)
        found, reason = state_of(status, D(10), filled)
        assert (found, bool(reason)) == (state, state is not OrderState.FILLED)


@pytest.mark.parametrize(
    ("status", "filled", "state"),
    [
        ("calculated", 10, OrderState.FILLED),
        ("filled", 12, OrderState.FILLED),  # an over-fill is told as it is: the audit must find it
        ("filled", 9, OrderState.CANCELLED),  # a fill was taken back, and it does not fill again
        ("filled", 0, OrderState.CANCELLED),
        ("rejected", 3, OrderState.CANCELLED),  # what has traded was not rejected
        ("canceled", 3, OrderState.CANCELLED),
        ("expired", 3, OrderState.EXPIRED),
    ],
)
def test_a_status_is_read_with_what_has_filled(status: str, filled: int, state: OrderState) -> None:
    assert state_of(status, D(10), D(filled))[0] is state


@pytest.mark.parametrize("status", ["FILLED", "", "cancelled", "done"])
def test_a_status_that_is_none_is_not_read(status: str) -> None:
    with pytest.raises(ValueError, match="status"):
        state_of(status, D(10), D(0))
