"""Alpaca's trading API on loopback, for the real client: a small brokerage with state, behind a server with faults.

with serving(Brokerage(cash=10_000)) as broker:
    broker.brokerage.list_asset("AAPL", "190.25")
    client = TradingClient(KEY, SECRET, url_override=broker.url)
    broker.faults.plan("POST", "/v2/orders", silence(accepted=True))
"""

from tests.fakes.broker_server.brokerage import Brokerage
from tests.fakes.broker_server.faults import (
    Fault,
    Faults,
    failure,
    garbage,
    late,
    refusal,
    reset,
    silence,
    slow,
    too_many,
)
from tests.fakes.broker_server.listing import Activities
from tests.fakes.broker_server.records import Asset, Execution, Holding, Order
from tests.fakes.broker_server.server import KEY, SECRET, BrokerServer, Request, serving
from tests.fakes.broker_server.stream import UpdateStream

__all__ = [
    "KEY",
    "SECRET",
    "Activities",
    "Asset",
    "BrokerServer",
    "Brokerage",
    "Execution",
    "Fault",
    "Faults",
    "Holding",
    "Order",
    "Request",
    "UpdateStream",
    "failure",
    "garbage",
    "late",
    "refusal",
    "reset",
    "serving",
    "silence",
    "slow",
    "too_many",
]
