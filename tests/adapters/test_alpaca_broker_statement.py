"""Alpaca's statement of an account: every part of it, and what is said of a part that is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.alpaca_broker import AlpacaBroker
from tests.adapters.wire.alpaca_orders import ORDERS, adapter, request
from tests.fakes.broker_server import Brokerage, BrokerServer, Fault, failure, garbage, serving
from trading.instruments import Side
from trading.orders import effective
from trading.statement import Activity, ActivityKind, Holding

D, K = Decimal, ActivityKind
ACTIVITIES, FILLS = "/v2/account/activities", "/v2/account/activities/FILL"
PARTS = {
    "account": "/v2/account",
    "holdings": "/v2/positions",
    "orders": ORDERS,
    "fills": FILLS,
    "activities": ACTIVITIES,
}
NAME = request().client_order_id
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[BrokerServer]:
    """An account that has bought ten shares of AAPL and holds two of BRK.B."""
    with serving(Brokerage(100_000)) as served:
        served.brokerage.list_asset("AAPL", "190.25")
        served.brokerage.list_asset("BRK.B", "480")
        served.brokerage.resting = True
        served.brokerage.external_order("AAPL", "buy", 10, client_order_id=NAME)
        served.brokerage.fill(NAME, 10, 190)
        served.brokerage.set_position("BRK.B", 2)
        yield served


@pytest.fixture
def broker(server: BrokerServer) -> AlpacaBroker:
    return adapter(server)


async def test_a_statement_has_every_part(server: BrokerServer, broker: AlpacaBroker) -> None:
    server.brokerage.deposit(500)
    told = await broker.statement("main", LONG_AGO)
    assert (told.desk_id, told.since_at) == ("main", LONG_AGO)
    assert told.account is not None
    assert (told.account.cash, told.account.equity) == (D(98_600), D("101462.50"))
    assert told.holdings == (Holding(symbol="AAPL", quantity=D(10)), Holding(symbol="BRK.B", quantity=D(2)))
    assert told.orders is not None
    assert [(order.client_order_id, order.filled_quantity) for order in told.orders] == [(NAME, D(10))]
    assert told.fills is not None
    assert [(fill.client_order_id, fill.quantity, fill.side) for fill in told.fills] == [(NAME, D(10), Side.BUY)]
    assert told.activities is not None
    assert [(each.kind, each.amount) for each in told.activities] == [(K.DEPOSIT, D(500))]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("fault", [failure(500, accepted=False), garbage("html"), garbage("wrong")])
async def test_a_part_that_is_missing_is_none_and_the_others_are_there(
    server: BrokerServer, broker: AlpacaBroker, part: str, fault: Fault
) -> None:
    server.faults.plan("GET", PARTS[part], fault)
    told = await broker.statement("main", LONG_AGO)
    assert [name for name in PARTS if getattr(told, name) is None] == [part]


async def test_a_broker_that_is_away_tells_nothing_and_nothing_is_none(server: BrokerServer) -> None:
    for broker in (adapter(server, base_url="http://127.0.0.1:1"), adapter(server, api_secret=SecretStr("wrong"))):
        told = await broker.statement("main", LONG_AGO)
        assert [getattr(told, name) for name in PARTS] == [None] * len(PARTS)


async def test_no_positions_are_believed_only_where_all_is_cash(server: BrokerServer, broker: AlpacaBroker) -> None:
    empty = Fault(status=200, body=b"[]")
    server.faults.plan("GET", PARTS["holdings"], empty)
    assert (await broker.statement("main", LONG_AGO)).holdings is None
    server.brokerage.set_position("BRK.B", 0)
    server.brokerage.set_position("AAPL", 0)
    assert (await broker.statement("main", LONG_AGO)).holdings == ()
    server.faults.plan("GET", PARTS["account"], failure(500, accepted=False))
    assert (await broker.statement("main", LONG_AGO)).holdings is None


@pytest.mark.parametrize(
    ("told", "held"),
    [
        ([{"symbol": "AAPL", "qty": "-5", "side": "short"}], [("AAPL", -5)]),
        ([{"symbol": "AAPL", "qty": "5", "side": "short"}], [("AAPL", -5)]),
        ([{"symbol": "AAPL", "qty": "0.123456789", "side": "long"}], [("AAPL", D("0.123456789"))]),
        ([{"symbol": "AAPL", "qty": "-5", "side": "long"}], None),
        ([{"symbol": "AAPL", "qty": "5", "side": "both"}], None),
        ([{"symbol": "AAPL", "qty": "NaN", "side": "long"}], None),
        ([{"symbol": "AAPL", "qty": None, "side": "long"}], None),
        ([{"symbol": "aapl", "qty": "5", "side": "long"}], None),
        ([{"symbol": "AAPL", "qty": "5", "side": "long"}] * 2, None),
        ([{"symbol": "AAPL", "qty": "5", "side": "long"}, 7], None),
    ],
)
async def test_positions_are_read_whole_or_not_at_all(
    server: BrokerServer, broker: AlpacaBroker, told: Any, held: list[tuple[str, Decimal]] | None
) -> None:
    server.faults.plan("GET", PARTS["holdings"], Fault(status=200, body=json.dumps(told).encode()))
    holdings = (await broker.statement("main", LONG_AGO)).holdings
    assert (None if holdings is None else [(each.symbol, each.quantity) for each in holdings]) == held


ACCOUNT = {
    "account_number": "PA1",
    "status": "ACTIVE",
    "currency": "USD",
    "cash": "-23140.2",
    "non_marginable_buying_power": "0",
    "buying_power": "262113.639",
    "equity": "103820.565",
    "account_blocked": False,
    "trading_blocked": False,
    "trade_suspended_by_user": False,
}


async def test_money_is_to_the_cent_and_what_may_be_spent_is_never_rounded_up(
    server: BrokerServer, broker: AlpacaBroker
) -> None:
    server.faults.plan("GET", PARTS["account"], Fault(status=200, body=json.dumps(ACCOUNT).encode()))
    account = await broker.account("main")
    assert (account.cash, account.settled_cash) == (D("-23140.20"), D("-23140.20"))
    assert (account.buying_power, account.equity) == (D("262113.63"), D("103820.56"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"cash": None},
        {"cash": "NaN"},
        {"cash": "1e30"},
        {"cash": [1]},
        {"equity": "much"},
        {"buying_power": None},
        {"non_marginable_buying_power": None},
        {"currency": "EUR"},
        {"account_number": None},
        {"account_number": "a b"},
        {"status": None},
        {"trading_blocked": None},
        {"trading_blocked": "false"},
    ],
)
async def test_an_account_that_cannot_be_read_is_missing(
    server: BrokerServer, broker: AlpacaBroker, wrong: dict[str, Any]
) -> None:
    server.faults.plan("GET", PARTS["account"], Fault(status=200, body=json.dumps(ACCOUNT | wrong).encode()))
    assert (await broker.statement("main", LONG_AGO)).account is None


async def test_what_happened_without_a_trade_has_its_kind(server: BrokerServer, broker: AlpacaBroker) -> None:
    brokerage = server.brokerage
    rows = [
        brokerage.dividend("AAPL", "0.25"),
        brokerage.fee("0.03"),
        brokerage.interest("1.50"),
        brokerage.interest("-0.75"),
        brokerage.deposit(1_000),
        brokerage.withdraw(200),
        brokerage.non_trade("JNLC", 50),
        brokerage.non_trade("JNLC", -60),
        brokerage.non_trade("DIVNRA", "-0.38", symbol="AAPL"),
        brokerage.non_trade("MA", 10, symbol="AAPL", qty="-10"),
    ]
    told = (await broker.statement("main", LONG_AGO)).activities
    assert told is not None
    assert [each.activity_id for each in told] == [row["id"] for row in rows]
    assert [(each.kind, each.amount, each.symbol, each.shares) for each in told] == [
        (K.DIVIDEND, D("2.50"), "AAPL", D(0)),
        (K.FEE, D("-0.03"), None, D(0)),
        (K.INTEREST, D("1.50"), None, D(0)),
        (K.INTEREST, D("-0.75"), None, D(0)),
        (K.DEPOSIT, D(1_000), None, D(0)),
        (K.WITHDRAWAL, D(-200), None, D(0)),
        (K.DEPOSIT, D(50), None, D(0)),
        (K.WITHDRAWAL, D(-60), None, D(0)),
        (K.DIVIDEND, D("-0.38"), "AAPL", D(0)),
        (K.OTHER, D(10), "AAPL", D(-10)),
    ]
    assert told[0].words == "DIV CDIV"


async def test_a_split_takes_the_old_shares_and_gives_the_new(server: BrokerServer, broker: AlpacaBroker) -> None:
    server.brokerage.split("AAPL", 4)
    told = await broker.statement("main", LONG_AGO)
    assert told.activities is not None
    assert [(each.kind, each.symbol, each.shares) for each in told.activities] == [
        (K.SPLIT, "AAPL", D(-10)),
        (K.SPLIT, "AAPL", D(40)),
    ]
    assert told.holdings is not None
    assert told.holdings[0].quantity == 40


async def test_cash_for_a_part_of_a_share_is_told_as_such(server: BrokerServer, broker: AlpacaBroker) -> None:
    server.brokerage.split("AAPL", 1, 4, whole=True)
    told = await broker.statement("main", LONG_AGO)
    assert [(each.kind, each.amount, each.shares) for each in told.activities or ()] == [
        (K.SPLIT, D(0), D(-10)),
        (K.SPLIT, D(0), D(2)),
        (K.CASH_IN_LIEU, D("380.50"), D(0)),
    ]


async def test_a_trade_that_is_undone_is_told_once_by_its_fills(server: BrokerServer, broker: AlpacaBroker) -> None:
    (made,) = server.brokerage.executions
    server.brokerage.bust(made)
    told = await broker.statement("main", LONG_AGO)
    assert told.activities == ()
    assert told.fills is not None
    assert told.account is not None
    assert effective(told.fills) == ()
    assert (len(told.fills), told.account.cash) == (2, D(100_000))


async def activities_of(server: BrokerServer, broker: AlpacaBroker, *rows: Any) -> tuple[Activity, ...] | None:
    server.faults.plan("GET", ACTIVITIES, Fault(status=200, body=json.dumps(rows).encode()))
    return (await broker.statement("main", LONG_AGO)).activities


DIVIDEND = {
    "id": "20260801011955195::1",
    "activity_type": "DIV",
    "date": "2026-08-01",
    "net_amount": "1.02",
    "symbol": "T",
    "qty": "2",
    "status": "executed",
}


async def test_a_day_is_the_exchanges_and_what_was_taken_back_is_left_out(
    server: BrokerServer, broker: AlpacaBroker
) -> None:
    taken_back = DIVIDEND | {"id": "20260801011955195::2", "status": "canceled"}
    in_shares = DIVIDEND | {"id": "20260801011955195::3", "net_amount": "0"}
    told = await activities_of(server, broker, DIVIDEND, taken_back, in_shares)
    assert told is not None
    assert [(each.kind, each.amount, each.shares) for each in told] == [
        (K.DIVIDEND, D("1.02"), D(0)),
        (K.OTHER, D(0), D(2)),
    ]
    assert told[0].occurred_at == datetime(2026, 8, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": None},
        {"id": "a b"},
        {"activity_type": None},
        {"net_amount": "NaN"},
        {"net_amount": "some"},
        {"date": None},
        {"date": "soon"},
        {"created_at": "2026-08-01T10:00:00"},
        {"symbol": "t"},
    ],
)
async def test_one_activity_that_cannot_be_read_spoils_the_list(
    server: BrokerServer, broker: AlpacaBroker, wrong: dict[str, Any]
) -> None:
    other = DIVIDEND | {"id": "20260801011955195::2"}
    assert await activities_of(server, broker, other, DIVIDEND | wrong) is None


async def test_fills_of_an_older_order_are_told_under_its_id(server: BrokerServer, broker: AlpacaBroker) -> None:
    server.brokerage.external_order("AAPL", "buy", 5, client_order_id="main-old-entry")
    since = datetime.now(UTC) + timedelta(hours=1)
    server.brokerage.fill("main-old-entry", 5, 190, at=since + timedelta(seconds=1))
    told = await broker.statement("main", since)
    assert told.orders == ()
    assert told.fills is not None
    assert [fill.client_order_id for fill in told.fills] == ["main-old-entry"]
