"""An adapter at a stand-in of Alpaca's trading API, and orders to give it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pydantic import SecretStr

from adapters.alpaca_broker import AlpacaAccess, AlpacaBroker
from tests.fakes.broker_server import KEY, SECRET, BrokerServer
from trading.instruments import Side
from trading.orders import Leg, OrderRequest, client_order_id
from wiring.markets import Uncounted

ORDERS = "/v2/orders"
BY_NAME = "/v2/orders:by_client_order_id"
CYCLE = "main-20261123T150000-1"
NOON = datetime(2026, 11, 23, 17, tzinfo=UTC)


def access(broker: BrokerServer, **other: Any) -> AlpacaAccess:
    told = {
        "api_key": SecretStr(KEY),
        "api_secret": SecretStr(SECRET),
        "base_url": broker.url,
        "stream_url": broker.stream.url,
        "timeout_seconds": 5,
    }
    return AlpacaAccess.model_validate(told | other)


def adapter(broker: BrokerServer, **other: Any) -> AlpacaBroker:
    return AlpacaBroker(access(broker, **other), Uncounted())


def request(**other: Any) -> OrderRequest:
    """A market order to buy ten shares of AAPL, unless told otherwise."""
    terms: dict[str, Any] = {
        "symbol": "AAPL",
        "side": Side.BUY,
        "leg": Leg.ENTRY,
        "quantity": Decimal(10),
        "mark": Decimal(190),
        **other,
    }
    name = client_order_id(CYCLE, terms["symbol"], terms["side"], terms["leg"])
    defaults = {
        "client_order_id": name,
        "desk_id": "main",
        "strategy_id": "momentum",
        "cycle_id": CYCLE,
        "as_of": NOON,
        "trace_id": "trace",
    }
    return OrderRequest.model_validate(defaults | terms)
