"""What is sent: an order of ours in the SDK's words. Everything that has a default there is said explicitly."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from alpaca.trading import requests as sdk
from alpaca.trading.enums import OrderClass, OrderSide
from alpaca.trading.enums import TimeInForce as SdkTimeInForce
from pydantic import ValidationError

from trading.errors import OrderRefused
from trading.instruments import Side
from trading.money import tick
from trading.orders import Leg, OrderKind, OrderRequest, TimeInForce

MOST_ID = 128
"""Characters of a client order id."""


def sent(request: OrderRequest) -> sdk.OrderRequest:
    """The order as the SDK sends it. Raises OrderRefused for what Alpaca could not take, before anything is sent.

    An entry of whole shares carries its stop and target as a bracket, or as an OTO with one of them: they stand as long
    as the entry's time in force says. A quantity with a fraction is a simple order of this session, whatever was asked.
    """
    name = request.client_order_id
    if len(name) > MOST_ID:
        raise OrderRefused(f"{name[:MOST_ID]}…: an id may have {MOST_ID} characters")
    whole = request.quantity == request.quantity.to_integral_value()
    terms: dict[str, Any] = {
        "symbol": request.symbol,
        "qty": _exact(request),
        "side": OrderSide(request.side.value),
        "time_in_force": SdkTimeInForce(request.time_in_force.value if whole else TimeInForce.DAY.value),
        "extended_hours": False,
        "client_order_id": name,
        **(_protection(request) if whole else {"order_class": OrderClass.SIMPLE}),
    }
    try:
        return _kind(request, terms)
    except ValidationError as wrong:
        raise OrderRefused(f"{name}: cannot be sent: {wrong.errors()[0]['msg']}") from None


def on_tick(price: Decimal, *, up: bool) -> float:
    """A price that Alpaca takes: a whole number of ticks. The SDK carries prices as floats, exact to the tick."""
    step = tick(price)
    return float((price / step).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR) * step)


def _exact(request: OrderRequest) -> float:
    """The quantity as the SDK carries it: a float, so only one that is the same number again."""
    carried = float(request.quantity)
    if Decimal(repr(carried)) != request.quantity:
        raise OrderRefused(f"{request.client_order_id}: {request.quantity:f} shares cannot be sent exactly")
    return carried


def _kind(request: OrderRequest, terms: dict[str, Any]) -> sdk.OrderRequest:
    sells = request.side is Side.SELL
    if request.kind is OrderKind.LIMIT and request.limit_price is not None:
        # Never at a worse price than was asked for.
        return sdk.LimitOrderRequest(**terms, limit_price=on_tick(request.limit_price, up=sells))
    if request.kind is OrderKind.STOP and request.stop_price is not None:
        # Never later than was asked for.
        return sdk.StopOrderRequest(**terms, stop_price=on_tick(request.stop_price, up=sells))
    return sdk.MarketOrderRequest(**terms)


def _protection(request: OrderRequest) -> dict[str, Any]:
    if request.leg is not Leg.ENTRY or (request.stop is None and request.target is None):
        return {"order_class": OrderClass.SIMPLE}
    # Both are on the other side of the entry.
    sells = request.side is Side.BUY
    terms: dict[str, Any] = {"order_class": OrderClass.BRACKET if request.stop and request.target else OrderClass.OTO}
    if request.stop is not None:
        terms["stop_loss"] = sdk.StopLossRequest(stop_price=on_tick(request.stop, up=sells))
    if request.target is not None:
        terms["take_profit"] = sdk.TakeProfitRequest(limit_price=on_tick(request.target, up=sells))
    return terms
