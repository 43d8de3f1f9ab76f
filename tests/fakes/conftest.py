"""A stand-in for Alpaca's trading API, and its own client that talks to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.alpaca_sdk import (
    TradingClient,
    trading,
)
from tests.fakes.broker_server import KEY, SECRET, Brokerage, BrokerServer, serving


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
