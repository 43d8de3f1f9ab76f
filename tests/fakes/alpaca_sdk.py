"""The real client of Alpaca's trading API, as a test wants it: with time-outs, and without retries of its own."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

with warnings.catch_warnings():
    # The SDK imports its streams with everything else, and they an old part of websockets.
    warnings.filterwarnings("ignore", message=r"websockets\.legacy is deprecated", category=DeprecationWarning)
    from alpaca.common.exceptions import APIError
    from alpaca.trading.client import TradingClient
    from alpaca.trading.enums import OrderClass, OrderSide, OrderStatus, OrderType, QueryOrderStatus, TimeInForce
    from alpaca.trading.models import ClosePositionResponse, Order, TradeUpdate
    from alpaca.trading.requests import (
        ClosePositionRequest,
        GetCalendarRequest,
        GetOrderByIdRequest,
        GetOrdersRequest,
        LimitOrderRequest,
        MarketOrderRequest,
        OrderRequest,
        ReplaceOrderRequest,
        StopLimitOrderRequest,
        StopLossRequest,
        StopOrderRequest,
        TakeProfitRequest,
    )
    from alpaca.trading.stream import TradingStream

__all__ = [
    "APIError",
    "ClosePositionRequest",
    "ClosePositionResponse",
    "GetCalendarRequest",
    "GetOrderByIdRequest",
    "GetOrdersRequest",
    "LimitOrderRequest",
    "MarketOrderRequest",
    "Order",
    "OrderClass",
    "OrderRequest",
    "OrderSide",
    "OrderStatus",
    "OrderType",
    "QueryOrderStatus",
    "ReplaceOrderRequest",
    "StopLimitOrderRequest",
    "StopLossRequest",
    "StopOrderRequest",
    "TakeProfitRequest",
    "TimeInForce",
    "TradeUpdate",
    "TradingClient",
    "TradingStream",
    "trading",
]


@contextmanager
def trading(url: str, key: str, secret: str, *, seconds: float = 5.0, raw: bool = False) -> Iterator[TradingClient]:
    """A client whose requests end after some seconds."""
    client = TradingClient(key, secret, url_override=url, raw_data=raw)
    client._session = _Session(seconds)  # noqa: SLF001  the SDK has no other way in
    client._retry = 0  # noqa: SLF001  see above
    try:
        yield client
    finally:
        client._session.close()  # noqa: SLF001  see above


class _Session(requests.Session):
    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def request(self, *arguments: Any, **named: Any) -> requests.Response:
        return super().request(*arguments, **{**named, "timeout": self._seconds})
