"""One order's way to the broker, step by step as `workflows/order_execution.py` has it, without the waiting.

A broker in this process answers at once: what it has not filled by then rests until the next bar, so the looks in
between are left out. What is left of an order at the end of its life is cancelled by `end`.
"""

from __future__ import annotations

from datetime import timedelta

from activities import clock
from activities.orders import OrderActivities
from trading.orders import PROTECTIVE, UNANSWERED, Leg, Order, OrderRequest
from trading.settlement import Sending

SEND_WITHIN = timedelta(minutes=5)
"""As live: a decision is for the prices of its moment."""


class DirectSending:
    """Orders sent and followed by direct calls."""

    def __init__(self, orders: OrderActivities) -> None:
        self._orders = orders

    async def send(self, request: OrderRequest) -> Order:
        """Clear the way, send, and look once at what has become of it."""
        if request.leg is Leg.EXIT:
            await self._orders.clear_way(request)
        at = clock.now()
        order = await self._orders.submit_order(Sending(request=request, asked_at=at, send_by=at + SEND_WITHIN))
        if request.leg in PROTECTIVE or not order.is_open or order.state in UNANSWERED:
            return order
        return await self._orders.follow_order(request)

    async def follow(self, order: Order) -> Order:
        """Book what has become of an order."""
        return await self._orders.follow_order(order.request)

    async def end(self, order: Order) -> Order:
        """Book what has become of an order, and cancel what is left: its session is over."""
        followed = await self.follow(order)
        return await self._orders.cancel_order(order.request) if followed.is_open else followed
