"""What Alpaca's failures are called: its no is a refusal, its silence is never one, and nothing is sent again."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.alpaca_broker import AlpacaBroker
from tests.adapters.wire.alpaca_orders import BY_NAME, ORDERS, access, adapter, request
from tests.fakes.broker_server import (
    KEY,
    SECRET,
    Brokerage,
    BrokerServer,
    Fault,
    failure,
    garbage,
    refusal,
    reset,
    serving,
    silence,
    too_many,
)
from trading.errors import (
    BrokerRefused,
    BrokerUnavailable,
    DuplicateOrder,
    LedgerUnavailable,
    MarketUnavailable,
    OrderRefused,
    TradingError,
)
from trading.orders import OrderRequest, OrderState

NAME = request().client_order_id
HTML = b"<html>no</html>"
UNKNOWN: dict[str, Fault] = {
    "accepted, then a time-out": silence(0.4, accepted=True),
    "a time-out": silence(0.4, accepted=False),
    "accepted, then a reset": reset(accepted=True),
    "a reset": reset(accepted=False),
    "accepted, then 500": failure(500, accepted=True),
    "500": failure(500, accepted=False),
    "accepted, then 502": failure(502, accepted=True),
    "503": failure(503, accepted=False),
    "accepted, then 504": failure(504, accepted=True),
    "500 as JSON": refusal(500, 50010000, "internal server error"),
    "408": refusal(408, 40810000, "request timeout"),
    "409": refusal(409, 40910000, "conflict"),
    "a redirect": Fault(status=302, headers={"Location": "http://127.0.0.1:1/v2/orders"}),
    "404 of a proxy": failure(404, accepted=False),
    "422 of a proxy": Fault(status=422, body=HTML),
    "403 of a wall": Fault(status=403, body=HTML),
    "400 without a code": Fault(status=400, body=b'{"message": "bad request"}'),
    "400 without a reason": Fault(status=400, body=b'{"code": 40010001}'),
    "400 as a list": Fault(status=400, body=b'[{"code": 40010001, "message": "no"}]'),
    "a code that is true": Fault(status=422, body=b'{"code": true, "message": "no"}'),
    "garbage: html": garbage("html"),
    "garbage: truncated": garbage("truncated"),
    "garbage: empty": garbage("empty"),
    "garbage: list": garbage("list"),
    "garbage: wrong": garbage("wrong"),
    "garbage: null": garbage("null"),
    "too many": too_many(1),
}
SAID: dict[str, tuple[Fault, type[TradingError]]] = {
    "400": (refusal(400, 40010000, "qty is wrong"), OrderRefused),
    "403, buying power": (refusal(403, 40310000, "insufficient buying power"), OrderRefused),
    "404, no asset": (refusal(404, 40410000, "asset not found"), OrderRefused),
    "422": (refusal(422, 42210000, "market is closed"), OrderRefused),
    "duplicate": (refusal(422, 40010001, "client_order_id must be unique"), DuplicateOrder),
    "401": (refusal(401, 40110000, "request is not authorized"), BrokerRefused),
    "401 of a page": (Fault(status=401, body=HTML), BrokerRefused),
    "403, no entry": (Fault(status=403, body=b'{"message": "forbidden."}'), BrokerRefused),
}


@pytest.fixture
def server() -> Iterator[BrokerServer]:
    with serving(Brokerage(100_000)) as served:
        served.brokerage.list_asset("AAPL", "190.25")
        served.brokerage.resting = True
        yield served


@pytest.fixture
def broker(server: BrokerServer) -> AlpacaBroker:
    return adapter(server, timeout_seconds=0.3)


async def error_of(told: Awaitable[object]) -> TradingError:
    with pytest.raises(TradingError) as raised:
        await told
    return raised.value


@pytest.mark.parametrize("name", UNKNOWN)
async def test_what_is_neither_yes_nor_no_is_unknown_and_is_posted_once(
    server: BrokerServer, broker: AlpacaBroker, name: str
) -> None:
    server.faults.plan("POST", ORDERS, UNKNOWN[name])
    error = await error_of(broker.submit(request()))
    assert type(error) is BrokerUnavailable
    assert len(server.asked("POST", ORDERS)) == 1
    # What happened, the look-up says: the order is there, once, or it is not.
    there = await broker.find(NAME)
    assert (there is not None) is UNKNOWN[name].effect
    assert sum(server.accepted.values()) == int(UNKNOWN[name].effect)


@pytest.mark.parametrize("name", SAID)
async def test_alpacas_no_is_a_refusal_in_its_words_and_is_posted_once(
    server: BrokerServer, broker: AlpacaBroker, name: str
) -> None:
    fault, kind = SAID[name]
    server.faults.plan("POST", ORDERS, fault)
    error = await error_of(broker.submit(request()))
    assert type(error) is kind
    if isinstance(error, OrderRefused):
        told = json.loads(fault.body)
        assert str(error) == f"{NAME}: alpaca: {told['message']} ({told['code']})"
    assert len(server.asked("POST", ORDERS)) == 1
    assert not server.accepted


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (7, 7.0),
        pytest.param(format_datetime(datetime.now(UTC) + timedelta(hours=1)), 120.0, id="in an hour"),
        (-5, 0.0),
    ],
)
async def test_too_many_requests_say_when_to_come_again(
    server: BrokerServer, broker: AlpacaBroker, given: float | str, seconds: float
) -> None:
    server.faults.plan("POST", ORDERS, too_many(given))
    error = await error_of(broker.submit(request()))
    assert isinstance(error, BrokerUnavailable)
    assert error.retry_after_seconds == seconds


Call = Callable[[AlpacaBroker], Awaitable[object]]
LOOKING: dict[str, Call] = {
    "find": lambda broker: broker.find(NAME),
    "cancel": lambda broker: broker.cancel(NAME),
    "legs": lambda broker: broker.legs(NAME),
    "fills": lambda broker: broker.fills(NAME),
    "orders": lambda broker: broker.orders("main"),
    "account": lambda broker: broker.account("main"),
    "asset": lambda broker: broker.asset("AAPL"),
}
DEAF = {name: fault for name, fault in UNKNOWN.items() if not name.startswith("accepted")}


@pytest.mark.parametrize("name", LOOKING)
async def test_a_look_that_fails_is_unknown_and_never_an_absence(server: BrokerServer, name: str) -> None:
    broker = adapter(server, timeout_seconds=0.3)
    # An account without orders is told by an empty list; of anything else no list is an answer.
    deaf = {about: fault for about, fault in DEAF.items() if (name, about) != ("orders", "garbage: list")}
    for about, fault in deaf.items():
        server.faults.plan("GET", "*", fault)
        error = await error_of(LOOKING[name](broker))
        assert type(error) is BrokerUnavailable, about
    assert server.faults.left == 0
    assert len(server.requests) == len(deaf)


@pytest.mark.parametrize("name", LOOKING)
async def test_a_refused_key_is_named_whatever_was_asked(server: BrokerServer, name: str) -> None:
    error = await error_of(LOOKING[name](adapter(server, api_secret=SecretStr("wrong"))))
    assert isinstance(error, BrokerRefused)
    assert "ALPACA_API_SECRET" in str(error)


async def test_only_alpaca_itself_can_say_that_it_has_no_such_order(server: BrokerServer, broker: AlpacaBroker) -> None:
    assert await broker.find(NAME) is None
    for body in (b"not found", b'{"message": "Not Found"}', b'{"code": 40410000, "message": "endpoint not found."}'):
        server.faults.plan("GET", BY_NAME, Fault(status=404, body=body))
        assert isinstance(await error_of(broker.find(NAME)), BrokerUnavailable)


async def test_a_cancel_that_fails_is_unknown(server: BrokerServer, broker: AlpacaBroker) -> None:
    await broker.submit(request())
    for fault in (reset(accepted=False), failure(500, accepted=False), too_many(2), silence(0.4, accepted=False)):
        server.faults.plan("DELETE", "*", fault)
        assert isinstance(await error_of(broker.cancel(NAME)), BrokerUnavailable)
    server.faults.plan("DELETE", "*", reset(accepted=True))
    assert isinstance(await error_of(broker.cancel(NAME)), BrokerUnavailable)
    assert (await broker.cancel(NAME)).state == "cancelled"


class Busy:
    """A rate that has no turn left, or whose database is away."""

    def __init__(self, error: TradingError) -> None:
        self._error = error

    async def take(self) -> None:
        raise self._error


@pytest.mark.parametrize("kind", [MarketUnavailable, LedgerUnavailable])
async def test_without_a_turn_nothing_is_sent_and_the_error_is_the_brokers(server: BrokerServer, kind: Any) -> None:
    broker = AlpacaBroker(access(server), Busy(kind("all taken", retry_after_seconds=20)))
    error = await error_of(broker.submit(request()))
    assert isinstance(error, BrokerUnavailable)
    assert (error.retry_after_seconds, server.requests) == (20, [])


async def test_nothing_listens_is_unknown(server: BrokerServer) -> None:
    broker = adapter(server, base_url="http://127.0.0.1:1")
    assert isinstance(await error_of(broker.submit(request())), BrokerUnavailable)


async def test_no_secret_is_in_an_error_or_in_a_log(server: BrokerServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said = []
    for fault in [*UNKNOWN.values(), *(fault for fault, _ in SAID.values())]:
        server.faults.plan("*", "*", fault)
        error = await error_of(adapter(server, timeout_seconds=0.3).submit(request()))
        said += [str(error), repr(error), str(error.__cause__), str(error.__context__)]
    wrong = adapter(server, api_secret=SecretStr(f"{SECRET}-not"))
    said += [str(await error_of(wrong.account("main"))), repr(wrong), repr(vars(wrong))]
    with pytest.raises(BrokerRefused) as refused:
        await anext(wrong.moves("main"))
    # The stand-in's end of the stream is in this process, too.
    logged = [record.getMessage() for record in caplog.records if record.name != "websockets.server"]
    told = "\n".join([*said, str(refused.value), *logged])
    assert SECRET not in told
    assert KEY not in told


ROW: dict[str, Any] = {
    "id": "61e69015-8549-4bfd-b9c3-01e75843f47d",
    "client_order_id": NAME,
    "created_at": "2026-11-23T15:00:00.000000001Z",
    "submitted_at": "2026-11-23T15:00:00Z",
    "symbol": "AAPL",
    "qty": "10",
    "filled_qty": "0",
    "type": "market",
    "side": "buy",
    "time_in_force": "day",
    "status": "accepted",
    "legs": None,
}
WRONG: dict[str, dict[str, Any]] = {
    "another id": {"client_order_id": "main-other"},
    "no id": {"client_order_id": None},
    "an id that is a number": {"client_order_id": 7},
    "an id with a newline": {"client_order_id": "a\nb"},
    "no id of Alpaca's": {"id": ""},
    "another symbol": {"symbol": "MSFT"},
    "a symbol of look-alikes": {"symbol": "\u0410APL"},
    "no symbol": {"symbol": None},
    "the other side": {"side": "sell"},
    "no side": {"side": "hold"},
    "another quantity": {"qty": "11"},
    "no quantity": {"qty": None},
    "quantity zero": {"qty": "0"},
    "quantity negative": {"qty": "-10"},
    "quantity NaN": {"qty": "NaN"},
    "quantity infinite": {"qty": "Infinity"},
    "quantity absurd": {"qty": "1e400"},
    "quantity in words": {"qty": "ten"},
    "quantity with a comma": {"qty": "1,0"},
    "quantity true": {"qty": True},
    "quantity as an object": {"qty": {"value": 10}},
    "filled NaN": {"filled_qty": "nan"},
    "filled negative": {"filled_qty": "-1"},
    "no status": {"status": None},
    "a status that is none": {"status": "done"},
    "a time without a zone": {"submitted_at": "2026-11-23T15:00:00"},
    "a time that is none": {"submitted_at": "yesterday"},
    "a time that is a number": {"submitted_at": 1764000000},
    "no time": {"submitted_at": None, "created_at": None},
    "a price of zero": {"limit_price": "0"},
    "a price that is none": {"stop_price": "market"},
    "legs that are none": {"legs": "two"},
    "a leg that is none": {"legs": [7]},
    "a leg without a status": {"legs": [{"id": "x", "symbol": "AAPL", "qty": "10", "side": "sell"}]},
}


async def test_the_answer_as_alpaca_writes_it_is_read(server: BrokerServer, broker: AlpacaBroker) -> None:
    server.faults.plan("POST", ORDERS, Fault(status=200, body=json.dumps(ROW).encode()))
    held = await broker.submit(request())
    assert (held.quantity, held.state, held.received_at) == (
        Decimal(10),
        OrderState.ACCEPTED,
        datetime(2026, 11, 23, 15, tzinfo=UTC),
    )


@pytest.mark.parametrize("name", WRONG)
async def test_an_answer_that_is_not_about_our_order_is_unknown(
    server: BrokerServer, broker: AlpacaBroker, name: str
) -> None:
    told = Fault(status=200, body=json.dumps(ROW | WRONG[name]).encode())
    server.faults.plan("POST", ORDERS, told)
    assert type(await error_of(broker.submit(request()))) is BrokerUnavailable
    assert len(server.asked("POST", ORDERS)) == 1
    # A look-up does not know the terms, and is held to the id alone.
    terms = {"another symbol", "the other side", "another quantity"}
    server.faults.plan("GET", BY_NAME, told)
    if name in terms:
        assert await broker.find(NAME) is not None
    else:
        assert type(await error_of(broker.find(NAME))) is BrokerUnavailable
        server.faults.plan("GET", ORDERS, Fault(status=200, body=json.dumps([ROW | WRONG[name]]).encode()))
        if name != "another id":
            assert type(await error_of(broker.orders("main"))) is BrokerUnavailable


async def test_numbers_that_json_does_not_have_are_unknown(server: BrokerServer, broker: AlpacaBroker) -> None:
    for number in (b"NaN", b"-Infinity", b"1e999", b"9" * 5000):
        body = json.dumps(ROW).encode().replace(b'"qty": "10"', b'"qty": ' + number)
        server.faults.plan("POST", ORDERS, Fault(status=200, body=body))
        assert type(await error_of(broker.submit(request()))) is BrokerUnavailable


async def test_two_at_once_never_share_a_connection(server: BrokerServer) -> None:
    broker = adapter(server, timeout_seconds=30)
    orders: list[OrderRequest] = [request(client_order_id=f"main-{n}-entry", quantity=Decimal(1)) for n in range(1, 21)]
    held = await asyncio.gather(*map(broker.submit, orders))
    assert [each.client_order_id for each in held] == [each.client_order_id for each in orders]
    assert set(server.accepted.values()) == {1}
