"""What the broker says of an order, and what a refused intent says of itself."""

from __future__ import annotations

from pydantic import AwareDatetime

from trading.instruments import Side, Symbol
from trading.limits import Breach
from trading.money import ZERO, Identifier, Price, Quantity, Record
from trading.orders import Leg, OrderState


class BrokerOrder(Record):
    """An order in the broker's own book."""

    client_order_id: Identifier
    broker_order_id: str
    symbol: Symbol
    side: Side
    leg: Leg
    quantity: Quantity
    filled_quantity: Quantity = ZERO
    state: OrderState
    stop_price: Price | None = None
    limit_price: Price | None = None
    parent_id: Identifier | None = None
    reason: str | None = None
    received_at: AwareDatetime


class Denied(Record):
    """An intent that the limits or the trading state refused."""

    client_order_id: Identifier
    breaches: tuple[Breach, ...]

    @property
    def reason(self) -> str:
        """The breaches as one sentence."""
        return "; ".join(breach.reason for breach in self.breaches)
