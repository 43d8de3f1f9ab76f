"""The stand-in for Alpaca's trading API behaves as Alpaca does, by its own client's account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, cast

import pytest
import requests

from tests.fakes import broker_server as at
from tests.fakes.alpaca_sdk import (
    APIError,
    ClosePositionRequest,
    ClosePositionResponse,
    GetCalendarRequest,
    GetOrderByIdRequest,
    GetOrdersRequest,
    LimitOrderRequest,
    MarketOrderRequest,
    Order,
    OrderClass,
    OrderRequest,
    OrderSide,
    OrderStatus,
    QueryOrderStatus,
    ReplaceOrderRequest,
    StopLossRequest,
    StopOrderRequest,
    TakeProfitRequest,
    TimeInForce,
    TradingClient,
    trading,
)
from tests.fakes.broker_server import KEY, SECRET, Brokerage, BrokerServer, serving

ALL = QueryOrderStatus.ALL


@pytest.fixture
def broker() -> Iterator[BrokerServer]:
    with serving(Brokerage(100_000)) as server:
        server.brokerage.list_asset("AAPL", "190.25")
        server.brokerage.list_asset("KO", "60", fractionable=False)
        yield server


@pytest.fixture
def client(broker: BrokerServer) -> Iterator[TradingClient]:
    with trading(broker.url, KEY, SECRET) as client:
        yield client


def asked(
    symbol: str = "AAPL", side: str = "buy", kind: type[OrderRequest] = MarketOrderRequest, **more: Any
) -> OrderRequest:
    size = None if "notional" in more else 5
    usual = {"symbol": symbol, "side": OrderSide(side), "time_in_force": TimeInForce.DAY, "qty": size}
    return kind(**(usual | more))


def limit(price: float, **more: Any) -> OrderRequest:
    return asked(kind=LimitOrderRequest, limit_price=price, **more)


def bracket(**more: Any) -> OrderRequest:
    exits = {"take_profit": TakeProfitRequest(limit_price=210), "stop_loss": StopLossRequest(stop_price=180)}
    return limit(190.5, **({"order_class": OrderClass.BRACKET, **exits, "client_order_id": "entry"} | more))


def placed(client: TradingClient, request: OrderRequest) -> Order:
    return cast("Order", client.submit_order(request))


def look(client: TradingClient, client_order_id: str) -> Order:
    return cast("Order", client.get_order_by_client_id(client_order_id))


def whole(client: TradingClient, order: Order) -> Order:
    return cast("Order", client.get_order_by_id(order.id, GetOrderByIdRequest(nested=True)))


def listed(client: TradingClient, **query: Any) -> list[Order]:
    return cast("list[Order]", client.get_orders(GetOrdersRequest(**query)))


def fills(client: TradingClient, **query: Any) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", client.get("/account/activities/FILL", query))


def refused(client: TradingClient, request: OrderRequest) -> tuple[int | None, int, str]:
    with pytest.raises(APIError) as error:
        client.submit_order(request)
    return error.value.status_code, error.value.code, error.value.message


def cash(client: TradingClient) -> Decimal:
    return Decimal(str(cast("Any", client.get_account()).cash))


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


def test_fills_may_be_partial_late_and_too_many(client: TradingClient, broker: BrokerServer) -> None:
    brokerage, yesterday = broker.brokerage, datetime.now(UTC) - timedelta(days=1)
    order = placed(client, limit(180, client_order_id="late"))
    brokerage.fill("late", 2, "179.9")
    brokerage.cancel_by_broker("late")
    brokerage.fill("late", 1, "179.8", yesterday)
    assert (look(client, "late").status, look(client, "late").filled_qty) == (OrderStatus.CANCELED, "3")
    brokerage.fill("late", 9, "179.7")
    assert look(client, "late").filled_qty == "12"
    told = fills(client, order_id=str(order.id), direction="asc")
    assert [(row["qty"], row["cum_qty"]) for row in told] == [("1", "3"), ("2", "2"), ("9", "12")]
    assert fills(client, order_id=str(order.id), after=order.submitted_at.isoformat(), direction="asc") == told[1:]


def test_a_bust_gives_back_shares_and_dollars(client: TradingClient, broker: BrokerServer) -> None:
    placed(client, asked(client_order_id="bust"))
    [fill] = broker.brokerage.executions
    broker.brokerage.bust(fill)
    broker.brokerage.set_price("AAPL", 190)
    assert client.get_all_positions() == []
    assert cash(client) == 100_000
    assert look(client, "bust").filled_qty == "0"
    assert [row["status"] for row in fills(client)] == ["canceled"]
    [told] = cast("list[dict[str, Any]]", client.get("/account/activities/JNLC"))
    assert (told["status"], told["net_amount"]) == ("correct", "951.25")


def test_orders_end_as_the_broker_says(client: TradingClient, broker: BrokerServer) -> None:
    for end in ("expire", "reject", "cancel_by_broker"):
        placed(client, limit(100, client_order_id=end))
        getattr(broker.brokerage, end)(end)
    states = [look(client, end).status.value for end in ("expire", "reject", "cancel_by_broker")]
    assert states == ["expired", "rejected", "canceled"]


def test_a_cancel_may_cross_a_fill(client: TradingClient, broker: BrokerServer) -> None:
    broker.brokerage.cancels_pend = True
    order = placed(client, limit(180, client_order_id="cross"))
    client.cancel_order_by_id(order.id)
    assert look(client, "cross").status is OrderStatus.PENDING_CANCEL
    broker.brokerage.fill("cross")
    assert look(client, "cross").status is OrderStatus.FILLED


def test_a_split_re_bases_the_position_and_ends_orders(client: TradingClient, broker: BrokerServer) -> None:
    placed(client, bracket())
    broker.brokerage.split("AAPL", 4)
    held = cast("Any", client.get_open_position("AAPL"))
    assert (held.qty, held.cost_basis, held.current_price) == ("20", "951.25", "47.5625")
    assert listed(client) == []
    rows = cast("list[dict[str, Any]]", client.get("/account/activities/SPLIT", {"direction": "asc"}))
    assert [(row["qty"], row["activity_sub_type"]) for row in rows] == [("-5", "FSPLIT"), ("20", "FSPLIT")]


def test_money_moves_without_trades(client: TradingClient, broker: BrokerServer) -> None:
    placed(client, asked())
    books = broker.brokerage
    books.dividend("AAPL", "0.26")
    books.fee("0.02")
    books.interest("1.5")
    books.deposit(500)
    books.withdraw(200)
    books.adjust_cash("-0.01")
    assert cash(client) == Decimal(100_000) - Decimal("951.25") + Decimal("302.77")
    rows = cast("list[dict[str, Any]]", client.get("/account/activities", {"category": "non_trade_activity"}))
    assert [(row["activity_type"], row["net_amount"]) for row in rows] == [
        ("CSW", "-200"),
        ("CSD", "500"),
        ("INT", "1.5"),
        ("FEE", "-0.02"),
        ("DIV", "1.3"),
    ]


def test_orders_for_the_day_end_with_it(client: TradingClient, broker: BrokerServer) -> None:
    placed(client, limit(180, client_order_id="day"))
    placed(client, limit(180, client_order_id="gtc", time_in_force=TimeInForce.GTC))
    broker.brokerage.close_market()
    assert (look(client, "day").status, look(client, "gtc").status) == (OrderStatus.EXPIRED, OrderStatus.NEW)


def test_another_broker_would_take_the_same_order_twice(client: TradingClient, broker: BrokerServer) -> None:
    broker.brokerage.takes_repeats = True
    for _ in range(2):
        placed(client, asked(client_order_id="twice"))
    assert broker.accepted == {"twice": 2}


def test_a_broker_that_was_away_comes_back_with_its_books() -> None:
    with serving() as broker:
        broker.brokerage.list_asset("AAPL", 10)
        broker.brokerage.external_order("AAPL", "buy", 3)
        port = int(broker.url.rsplit(":", 1)[1])
    with trading(broker.url, KEY, SECRET) as client:
        with pytest.raises(requests.exceptions.ConnectionError):
            client.get_account()
        with serving(broker.brokerage, port):
            assert cash(client) == 100_000 - 30


def test_what_was_done_by_hand_shows(client: TradingClient, broker: BrokerServer) -> None:
    broker.brokerage.external_order("AAPL", "buy", 3)
    broker.brokerage.set_position("KO", -7)
    assert {p.symbol: p.qty for p in cast("list[Any]", client.get_all_positions())} == {"AAPL": "3", "KO": "-7"}
    assert len(listed(client, status=ALL)) == 1
    assert broker.accepted == {}


def test_activities_come_in_pages(client: TradingClient, broker: BrokerServer) -> None:
    for _ in range(5):
        broker.brokerage.external_order("AAPL", "buy", 1)
    seen: list[str] = []
    while page := fills(client, page_size=2, direction="asc", **({"page_token": seen[-1]} if seen else {})):
        seen += [row["id"] for row in page]
    assert len(seen) == len(set(seen)) == 5


def test_activities_may_be_told_late_twice_and_in_any_order(client: TradingClient, broker: BrokerServer) -> None:
    for _ in range(4):
        broker.brokerage.external_order("AAPL", "buy", 1)
    right = fills(client)
    broker.activities.delay(newest=1, lookups=2)
    assert [fills(client), fills(client), fills(client)] == [right[1:], right[1:], right]
    broker.activities.lag = 1
    broker.brokerage.external_order("AAPL", "buy", 1)
    assert fills(client) == right
    right = fills(client)
    assert len(right) == 5
    broker.activities.twice = True
    assert fills(client) == [row for row in right for _ in range(2)]
    broker.activities.twice, broker.activities.shuffle = False, Random(7)
    mixed = fills(client)
    assert mixed != right
    assert sorted(row["id"] for row in mixed) == sorted(row["id"] for row in right)


def test_the_days_of_the_exchange_are_told(client: TradingClient, broker: BrokerServer) -> None:
    thursday = datetime(2026, 11, 26, tzinfo=UTC).date()
    broker.shop.holidays.add(thursday)
    broker.shop.early[thursday + timedelta(days=1)] = "13:00"
    days = client.get_calendar(GetCalendarRequest(start=thursday - timedelta(days=1), end=thursday + timedelta(days=4)))
    assert [(day.date.day, day.close.hour) for day in cast("list[Any]", days)] == [(25, 16), (27, 13), (30, 16)]
    broker.brokerage.clock = lambda: datetime(2026, 11, 25, 22, tzinfo=UTC)
    assert cast("Any", client.get_clock()).next_open == datetime(2026, 11, 27, 14, 30, tzinfo=UTC)


def test_assets_say_what_may_be_done_with_them(client: TradingClient) -> None:
    apple, coke = cast("list[Any]", client.get_all_assets())
    assert (apple.fractionable, coke.fractionable) == (True, False)
    assert cast("Any", client.get_asset("KO")).tradable
    with pytest.raises(APIError, match="asset not found"):
        client.get_asset("ZZZZ")


def test_a_wrong_key_is_refused(broker: BrokerServer) -> None:
    with trading(broker.url, KEY, "wrong") as client, pytest.raises(APIError) as error:
        client.get_account()
    assert error.value.status_code == 401


UNANSWERED = [
    (at.silence(accepted=True), requests.exceptions.ReadTimeout),
    (at.reset(accepted=True), requests.exceptions.ConnectionError),
    (at.failure(500, accepted=True), APIError),
    (at.failure(504, accepted=True), APIError),
    (at.garbage("html"), requests.exceptions.JSONDecodeError),
    (at.garbage("truncated"), requests.exceptions.JSONDecodeError),
    (at.garbage("empty"), TypeError),
    (at.garbage("list"), TypeError),
    (at.garbage("null"), TypeError),
    (at.garbage("wrong"), ValueError),
]


@pytest.mark.parametrize(("fault", "error"), UNANSWERED, ids=lambda value: str(value)[:70])
def test_an_order_may_be_accepted_and_its_answer_lost(
    broker: BrokerServer, fault: at.Fault, error: type[Exception]
) -> None:
    broker.faults.plan("POST", "/v2/orders", fault)
    with trading(broker.url, KEY, SECRET, seconds=0.3) as client:
        with pytest.raises(error):
            client.submit_order(asked(client_order_id="lost"))
        assert look(client, "lost").status is OrderStatus.FILLED
    assert broker.accepted == {"lost": 1}
    assert broker.faults.left == 0


NOT_ACCEPTED = [
    at.silence(accepted=False),
    at.reset(accepted=False),
    at.failure(500, accepted=False),
    at.failure(503, accepted=False),
    at.too_many(2),
    at.refusal(403, 40310000, "insufficient buying power"),
]


@pytest.mark.parametrize("fault", NOT_ACCEPTED, ids=lambda value: str(value)[:70])
def test_an_order_may_not_be_accepted(broker: BrokerServer, fault: at.Fault) -> None:
    broker.faults.plan("POST", "/v2/orders", fault)
    with trading(broker.url, KEY, SECRET, seconds=0.3) as client:
        with pytest.raises((APIError, requests.exceptions.RequestException)):
            client.submit_order(asked(client_order_id="lost"))
        with pytest.raises(APIError, match="order not found"):
            look(client, "lost")
        assert placed(client, asked(client_order_id="lost")).status is OrderStatus.ACCEPTED
    assert [request.status for request in broker.asked("POST", "/v2/orders")] == [None, 200]


@pytest.mark.parametrize("told", [7, "Wed, 25 Nov 2026 12:00:00 GMT"])
def test_too_many_requests_say_when_to_come_again(client: TradingClient, broker: BrokerServer, told: Any) -> None:
    broker.faults.plan("*", "*", at.too_many(told))
    with pytest.raises(APIError) as error:
        client.get_account()
    assert error.value.response.headers["Retry-After"] == str(told)


def test_an_order_may_be_found_only_later(client: TradingClient, broker: BrokerServer) -> None:
    lost = at.late(at.failure(500, accepted=True), lookups=3)
    broker.faults.plan("POST", "/v2/orders", lost)
    with pytest.raises(APIError):
        client.submit_order(limit(180, client_order_id="late"))
    assert listed(client) == []
    for _ in range(2):
        with pytest.raises(APIError, match="order not found"):
            look(client, "late")
    assert refused(client, limit(180, client_order_id="late"))[1] == 40010001
    assert look(client, "late").status is OrderStatus.NEW


def test_an_order_may_be_found_only_after_a_time(client: TradingClient, broker: BrokerServer) -> None:
    broker.faults.plan("POST", "/v2/orders", at.late(seconds=3600))
    order = placed(client, asked(client_order_id="late"))
    with pytest.raises(APIError, match="order not found"):
        client.get_order_by_id(order.id)
    broker.brokerage.hide("late")
    assert look(client, "late").id == order.id


def test_faults_come_by_number_and_by_chance(client: TradingClient, broker: BrokerServer) -> None:
    def storm() -> list[bool]:
        broker.faults.chance("GET", "/v2/acc*", 0.5, at.failure(503, accepted=False), seed=3)
        broker.faults.plan("GET", "/v2/account", None, at.failure(500, accepted=False))
        outcomes = [fails(client) for _ in range(20)]
        broker.faults.clear()
        return outcomes

    first = storm()
    assert first[:2] == [False, True]
    assert 3 < sum(first) < 17
    assert storm() == first
    assert not fails(client)


def fails(client: TradingClient) -> bool:
    try:
        client.get_account()
    except APIError:
        return True
    return False


def test_a_slow_answer_is_an_answer(client: TradingClient, broker: BrokerServer) -> None:
    broker.faults.plan("GET", "/v2/account", at.slow(0.05))
    assert cash(client) == 100_000


def test_requests_are_written_down_as_they_came(client: TradingClient, broker: BrokerServer) -> None:
    placed(client, asked(client_order_id="seen"))
    fills(client, order_id="x", page_size=3)
    post, get = broker.requests
    assert (post.method, post.path, post.body["client_order_id"]) == ("POST", "/v2/orders", "seen")
    assert get.query == {"order_id": "x", "page_size": "3"}
    assert post.received_at <= broker.brokerage.received_at["seen"] <= get.received_at


def test_raw_data_is_what_came_over_the_wire(broker: BrokerServer) -> None:
    with trading(broker.url, KEY, SECRET, raw=True) as client:
        row = cast("dict[str, Any]", client.submit_order(asked(client_order_id="raw")))
        assert (row["status"], row["qty"], row["legs"], row["order_class"]) == ("accepted", "5", None, "")
        assert cast("list[Any]", client.get_all_positions())[0]["qty"] == "5"
