"""The stand-in's account moves as Alpaca's does: fills, busts, splits, money, activities, days, assets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, cast

import pytest
import requests

from tests.fakes.alpaca_sdk import (
    APIError,
    GetCalendarRequest,
    OrderStatus,
    TimeInForce,
    TradingClient,
    trading,
)
from tests.fakes.broker_server import KEY, SECRET, BrokerServer, serving
from tests.fakes.trading_client import ALL, asked, bracket, cash, fills, limit, listed, look, placed


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
