"""The stand-in for Alpaca's trading API behaves as Alpaca does, by its own client's account."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

import pytest

from tests.fakes.alpaca_sdk import (
    APIError,
    ClosePositionRequest,
    ClosePositionResponse,
    LimitOrderRequest,
    Order,
    OrderClass,
    OrderRequest,
    OrderSide,
    OrderStatus,
    ReplaceOrderRequest,
    StopLossRequest,
    StopOrderRequest,
    TakeProfitRequest,
    TimeInForce,
    TradingClient,
)
from tests.fakes.broker_server import BrokerServer
from tests.fakes.trading_client import ALL, asked, bracket, cash, fills, limit, listed, look, placed, refused, whole


def test_a_market_order_is_accepted_and_fills_at_the_set_price(client: TradingClient) -> None:
    assert placed(client, asked(client_order_id="one")).status is OrderStatus.ACCEPTED
    found = look(client, "one")
    assert (found.status, found.filled_qty, found.filled_avg_price) == (OrderStatus.FILLED, "5", "190.25")
    assert cash(client) == Decimal(100_000) - 5 * Decimal("190.25")
    [fill] = fills(client)
    told = {"order_id": str(found.id), "qty": "5", "price": "190.25", "cum_qty": "5", "leaves_qty": "0", "type": "fill"}
    assert told.items() <= fill.items()


def test_a_client_order_id_is_taken_once_for_ever(client: TradingClient, broker: BrokerServer) -> None:
    order = placed(client, limit(100, client_order_id="once"))
    client.cancel_order_by_id(order.id)
    for request in (limit(100, client_order_id="once"), limit(100, client_order_id="once", qty=7)):
        assert refused(client, request) == (422, 40010001, "client_order_id must be unique")
    assert broker.accepted == {"once": 1}
    assert len(broker.asked("POST", "/v2/orders")) == 3


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (limit(190, qty=600), 403, 40310000),
        (asked(side="sell"), 403, 40310000),
        (asked("ZZZZ"), 422, 42210000),
        (asked("GONE"), 422, 42210000),
        (asked("KO", qty=1.5), 403, 40310000),
        (limit(190, qty=1.5, time_in_force=TimeInForce.GTC), 422, 42210000),
        (asked(notional=100, time_in_force=TimeInForce.GTC), 422, 42210000),
        (limit(190.123), 422, 42210000),
        (asked(qty=-1), 422, 42210000),
        (asked(client_order_id="x" * 129), 422, 40010001),
        (asked(time_in_force=TimeInForce.OPG), 422, 42210000),
        (bracket(take_profit=TakeProfitRequest(limit_price=190)), 422, 42210000),
        (bracket(stop_loss=StopLossRequest(stop_price=195)), 422, 42210000),
    ],
    ids=lambda value: str(value)[-60:],
)
def test_what_cannot_be_is_refused(
    client: TradingClient, broker: BrokerServer, request_: OrderRequest, status: int, code: int
) -> None:
    broker.brokerage.list_asset("GONE", 10, tradable=False)
    assert refused(client, request_)[:2] == (status, code)
    assert broker.brokerage.orders == {}


def test_dollars_buy_a_fraction(client: TradingClient) -> None:
    order = placed(client, asked(notional=1000))
    assert (order.notional, order.qty) == ("1000", None)
    [position] = cast("list[Any]", client.get_all_positions())
    assert position.qty == "5.256241787"
    assert 0 <= cash(client) - 99_000 < Decimal("0.001")


def test_a_limit_order_rests_until_its_price_comes(client: TradingClient, broker: BrokerServer) -> None:
    placed(client, limit(185, client_order_id="low"))
    assert [order.client_order_id for order in listed(client)] == ["low"]
    assert cast("Any", client.get_account()).buying_power == str(100_000 - 5 * 185)
    broker.brokerage.set_price("AAPL", "184.5")
    assert look(client, "low").filled_avg_price == "184.5"


def test_a_stop_order_waits_for_its_price(client: TradingClient, broker: BrokerServer) -> None:
    placed(client, asked())
    stop = {"side": "sell", "time_in_force": TimeInForce.GTC}
    placed(client, asked(kind=StopOrderRequest, stop_price=180, client_order_id="stop", **stop))
    broker.brokerage.set_price("AAPL", "180.01")
    assert look(client, "stop").status is OrderStatus.NEW
    broker.brokerage.set_price("AAPL", "179")
    assert look(client, "stop").filled_avg_price == "179"
    assert client.get_all_positions() == []


def test_out_of_hours_an_order_waits_for_the_bell(client: TradingClient, broker: BrokerServer) -> None:
    broker.brokerage.is_open = False
    placed(client, asked(client_order_id="early"))
    assert look(client, "early").status is OrderStatus.ACCEPTED
    assert cast("Any", client.get_clock()).is_open is False
    broker.brokerage.open_market()
    assert look(client, "early").status is OrderStatus.FILLED


def test_the_exits_of_a_bracket_wait_for_the_whole_entry(client: TradingClient, broker: BrokerServer) -> None:
    broker.brokerage.resting = True
    order = placed(client, bracket())
    broker.brokerage.fill("entry", 2, "190.4")
    assert [leg.status for leg in whole(client, order).legs or []] == [OrderStatus.HELD, OrderStatus.HELD]
    broker.brokerage.fill("entry", 3, "190.5")
    found = whole(client, order)
    assert (found.status, found.filled_avg_price) == (OrderStatus.FILLED, "190.46")
    assert [leg.status for leg in found.legs or []] == [OrderStatus.NEW, OrderStatus.HELD]
    assert cast("Any", client.get_open_position("AAPL")).qty_available == "0"


def test_the_shares_of_a_bracket_cannot_be_sold_twice(client: TradingClient) -> None:
    placed(client, bracket())
    assert refused(client, asked(side="sell"))[2].startswith("insufficient qty available for order (requested: 5")
    with pytest.raises(APIError, match="held_for_orders"):
        client.close_position("AAPL")


def test_a_stop_takes_the_place_of_the_profit(client: TradingClient, broker: BrokerServer) -> None:
    order = placed(client, bracket())
    broker.brokerage.set_price("AAPL", 179)
    profit, stop = whole(client, order).legs or []
    assert (profit.status, profit.replaced_by) == (OrderStatus.REPLACED, stop.id)
    assert (stop.status, stop.filled_avg_price) == (OrderStatus.FILLED, "179")


def test_a_profit_cancels_the_stop(client: TradingClient, broker: BrokerServer) -> None:
    order = placed(client, bracket())
    broker.brokerage.set_price("AAPL", 211)
    profit, stop = whole(client, order).legs or []
    assert (profit.status, stop.status) == (OrderStatus.FILLED, OrderStatus.CANCELED)
    assert cash(client) == 100_000 + 5 * (211 - Decimal("190.25"))


def test_a_profit_filled_in_part_leaves_the_stop_the_rest(client: TradingClient, broker: BrokerServer) -> None:
    order = placed(client, bracket())
    profit, stop = broker.brokerage.order("entry").legs
    broker.brokerage.fill(profit.id, 2)
    assert [leg.qty for leg in whole(client, order).legs or []] == ["5", "3"]
    broker.brokerage.set_price("AAPL", 170)
    assert stop.filled == 3
    assert client.get_all_positions() == []


def test_cancelling_an_entry_cancels_its_exits(client: TradingClient, broker: BrokerServer) -> None:
    broker.brokerage.resting = True
    order = placed(client, bracket())
    client.cancel_order_by_id(order.id)
    found = whole(client, order)
    assert {found.status, *(leg.status for leg in found.legs or [])} == {OrderStatus.CANCELED}


def test_cancelling_one_exit_cancels_the_other(client: TradingClient) -> None:
    order = placed(client, bracket())
    profit, _ = whole(client, order).legs or []
    client.cancel_order_by_id(profit.id)
    assert [leg.status for leg in whole(client, order).legs or []] == [OrderStatus.CANCELED, OrderStatus.CANCELED]
    client.close_position("AAPL")
    assert client.get_all_positions() == []


def test_an_oco_guards_a_position_from_the_start(client: TradingClient, broker: BrokerServer) -> None:
    placed(client, asked())
    exits = {"take_profit": TakeProfitRequest(limit_price=210), "stop_loss": StopLossRequest(stop_price=180)}
    oco: dict[str, Any] = {"kind": LimitOrderRequest, "order_class": OrderClass.OCO, "side": "sell", **exits}
    order = whole(client, placed(client, asked(**oco)))
    [stop] = order.legs or []
    assert (order.limit_price, order.status, stop.status) == ("210", OrderStatus.NEW, OrderStatus.HELD)
    broker.brokerage.set_price("AAPL", 180)
    assert whole(client, order).status is OrderStatus.REPLACED
    assert client.get_all_positions() == []


def test_an_oto_has_one_exit(client: TradingClient, broker: BrokerServer) -> None:
    oto: dict[str, Any] = {
        "order_class": OrderClass.OTO,
        "stop_loss": StopLossRequest(stop_price=180, limit_price=179.5),
    }
    order = whole(client, placed(client, asked(**oto)))
    [stop] = order.legs or []
    assert (stop.status, stop.type) == (OrderStatus.NEW, "stop_limit")
    broker.brokerage.set_price("AAPL", 179)
    assert whole(client, order).legs[0].status is OrderStatus.NEW  # type: ignore[index]
    broker.brokerage.set_price("AAPL", "179.6")
    assert client.get_all_positions() == []


def test_lists_tell_legs_apart(client: TradingClient, broker: BrokerServer) -> None:
    order = placed(client, bracket())
    profit, stop = broker.brokerage.order("entry").legs
    assert [str(found.id) for found in listed(client)] == [profit.id]
    assert listed(client, nested=True) == []
    assert {str(found.id) for found in listed(client, status=ALL)} == {str(order.id), profit.id, stop.id}
    [nested] = listed(client, status=ALL, nested=True)
    assert [str(leg.id) for leg in nested.legs or []] == [profit.id, stop.id]


def test_lists_are_cut_and_ordered_as_asked(client: TradingClient) -> None:
    orders = [placed(client, limit(100 + n, client_order_id=str(n))) for n in range(5)]
    assert [o.client_order_id for o in listed(client, limit=2)] == ["4", "3"]
    after = {"after": orders[1].submitted_at, "until": orders[4].submitted_at, "direction": "asc"}
    assert [o.client_order_id for o in listed(client, **after)] == ["2", "3"]
    assert listed(client, symbols=["KO"]) == []
    assert len(listed(client, symbols=["KO", "AAPL"], side=OrderSide.BUY)) == 5


def test_an_order_is_replaced_by_another(client: TradingClient) -> None:
    old = placed(client, limit(180, client_order_id="old"))
    change = ReplaceOrderRequest(qty=4, limit_price=181, client_order_id="new")
    new = cast("Order", client.replace_order_by_id(old.id, change))
    assert (new.replaces, new.qty, new.limit_price) == (old.id, "4", "181")
    assert (look(client, "old").status, look(client, "old").replaced_by) == (OrderStatus.REPLACED, new.id)
    with pytest.raises(APIError, match='order is already in \\\\"replaced\\\\" state'):
        client.cancel_order_by_id(old.id)


def test_a_done_order_cannot_be_cancelled_and_an_unknown_one_is_not_found(client: TradingClient) -> None:
    order = placed(client, asked())
    with pytest.raises(APIError) as done:
        client.cancel_order_by_id(order.id)
    assert (done.value.status_code, done.value.code) == (422, 42210000)
    with pytest.raises(APIError) as missing:
        look(client, "nobody")
    assert (missing.value.status_code, missing.value.code) == (404, 40410000)


def test_everything_is_cancelled_and_closed_at_once(client: TradingClient) -> None:
    placed(client, bracket())
    placed(client, asked("KO"))
    [blocked, sold] = cast("list[ClosePositionResponse]", client.close_all_positions())
    assert (blocked.symbol, blocked.status, sold.symbol, sold.status) == ("AAPL", 403, "KO", 200)
    [closed] = cast("list[ClosePositionResponse]", client.close_all_positions(cancel_orders=True))
    assert (closed.symbol, closed.status) == ("AAPL", 200)
    assert client.get_all_positions() == []


def test_a_part_of_a_position_is_closed(client: TradingClient) -> None:
    placed(client, asked())
    client.close_position("AAPL", ClosePositionRequest(percentage="50"))
    client.close_position("AAPL", ClosePositionRequest(qty="1"))
    assert cast("Any", client.get_open_position("AAPL")).qty == "2"
