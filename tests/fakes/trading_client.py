"""What the tests of the stand-in ask Alpaca's own client for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

import pytest

from tests.fakes.alpaca_sdk import (
    APIError,
    GetOrderByIdRequest,
    GetOrdersRequest,
    LimitOrderRequest,
    MarketOrderRequest,
    Order,
    OrderClass,
    OrderRequest,
    OrderSide,
    QueryOrderStatus,
    StopLossRequest,
    TakeProfitRequest,
    TimeInForce,
    TradingClient,
)

ALL = QueryOrderStatus.ALL


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
