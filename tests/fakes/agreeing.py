"""A broker's book that agrees with the desk's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from trading.orders import Order, OrderState
from trading.settlement import BrokerOrder


def book_of(orders: Iterable[Order], received_at: Mapping[str, datetime]) -> tuple[BrokerOrder, ...]:
    """Every order that was not denied, as the broker has it."""
    return tuple(
        BrokerOrder(
            client_order_id=order.request.client_order_id,
            broker_order_id="b-1",
            symbol=order.request.symbol,
            side=order.request.side,
            leg=order.request.leg,
            quantity=order.request.quantity,
            filled_quantity=order.filled_quantity,
            state=order.state,
            received_at=received_at[order.request.client_order_id],
        )
        for order in orders
        if order.state is not OrderState.DENIED
    )
