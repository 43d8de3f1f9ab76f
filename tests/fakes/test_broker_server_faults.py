"""The stand-in fails in every way that a network and a broker can, as it was told to."""

from __future__ import annotations

from typing import Any, cast

import pytest
import requests

from tests.fakes import broker_server as at
from tests.fakes.alpaca_sdk import (
    APIError,
    OrderStatus,
    TradingClient,
    trading,
)
from tests.fakes.broker_server import KEY, SECRET, BrokerServer
from tests.fakes.trading_client import asked, cash, fills, limit, listed, look, placed, refused

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
