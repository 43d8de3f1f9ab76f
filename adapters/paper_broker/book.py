"""The paper broker's book: its orders, and what one desk has in one symbol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from pydantic import AwareDatetime

from trading.instruments import Side, Symbol
from trading.money import ZERO, DeskId, Identifier, Price, Quantity, Record
from trading.orders import OPEN, PROTECTIVE, Fill, Leg, OrderKind, OrderRequest, OrderState, TimeInForce
from trading.settlement import BrokerOrder


class PaperOrder(Record):
    """An order as the paper broker holds it; `met_at` is the time of the newest quote that it has met."""

    client_order_id: Identifier
    desk_id: DeskId
    symbol: Symbol
    side: Side
    leg: Leg
    kind: OrderKind
    quantity: Quantity
    limit_price: Price | None = None
    stop_price: Price | None = None
    stop: Price | None = None
    target: Price | None = None
    parent_id: Identifier | None = None
    mark: Price | None = None
    expires_at: AwareDatetime | None = None
    as_of: AwareDatetime
    state: OrderState = OrderState.ACCEPTED
    filled_quantity: Quantity = ZERO
    fill_count: int = 0
    met_at: AwareDatetime | None = None
    reason: str | None = None
    received_at: AwareDatetime

    @classmethod
    def of(cls, request: OrderRequest, received_at: AwareDatetime, rejected: str | None) -> PaperOrder:
        """The order that a request asks for, accepted unless there is a reason to reject it."""
        terms = request.model_dump(include=set(cls.model_fields) & set(OrderRequest.model_fields))
        if request.time_in_force is TimeInForce.GTC:
            terms["expires_at"] = None
        state = OrderState.REJECTED if rejected else OrderState.ACCEPTED
        return cls(**terms, state=state, reason=rejected, received_at=received_at)

    @property
    def is_open(self) -> bool:
        """Whether it may still fill."""
        return self.state in OPEN

    @property
    def is_protective(self) -> bool:
        """Whether it is the stop or the target of an entry."""
        return self.leg in PROTECTIVE

    @property
    def is_leg(self) -> bool:
        """Whether it came with its entry, and was not sent by itself later."""
        return self.client_order_id == leg_id(self.parent_id, self.leg)

    @property
    def only_reduces(self) -> bool:
        """Whether it may trade no more than is held."""
        return self.leg is not Leg.ENTRY

    @property
    def leaves(self) -> Decimal:
        """Shares still to be filled while it is open, else zero."""
        return self.quantity - self.filled_quantity if self.is_open else ZERO

    def closed(self, reason: str | None = None) -> PaperOrder:
        """The order with what is left of it cancelled; one that has ended is left as it is."""
        if not self.is_open:
            return self
        return self.model_copy(update={"state": OrderState.CANCELLED, "reason": reason})

    def is_over(self, at: datetime) -> bool:
        """Whether its session has ended at this moment."""
        return self.is_open and self.expires_at is not None and at >= self.expires_at

    def expired(self) -> PaperOrder:
        """The order at the end of its session."""
        return self.model_copy(update={"state": OrderState.EXPIRED, "reason": "its session has ended"})

    def filled(self, quantity: Decimal) -> PaperOrder:
        """The order after one more fill of so many shares."""
        total = self.filled_quantity + quantity
        state = OrderState.FILLED if total >= self.quantity else OrderState.PARTIALLY_FILLED
        return self.model_copy(update={"filled_quantity": total, "state": state, "fill_count": self.fill_count + 1})

    def shown(self) -> BrokerOrder:
        """The order as the broker tells it to the desk."""
        told = self.model_dump(include=set(BrokerOrder.model_fields) & set(PaperOrder.model_fields))
        return BrokerOrder(**told, broker_order_id=f"paper-{self.client_order_id}")


def leg_id(entry_id: str | None, leg: Leg) -> str:
    """Name the stop or the target that comes with an entry."""
    return f"{entry_id}-{leg}"


@dataclass(frozen=True, slots=True)
class Book:
    """One desk in one symbol: signed shares held, its open orders with their families, and the fills made meanwhile.

    A family is an entry and its legs; `orders` are oldest first.
    """

    held: Decimal = ZERO
    orders: Mapping[str, PaperOrder] = field(default_factory=dict)
    fills: tuple[Fill, ...] = ()

    def __getitem__(self, client_order_id: str) -> PaperOrder:
        return self.orders[client_order_id]

    def open_orders(self) -> tuple[PaperOrder, ...]:
        """The orders that may still fill, oldest first."""
        return tuple(order for order in self.orders.values() if order.is_open)

    def legs(self, entry_id: str | None) -> tuple[PaperOrder, ...]:
        """The protective orders that came with an entry."""
        return tuple(o for o in self.orders.values() if entry_id is not None and o.parent_id == entry_id and o.is_leg)

    def remade(self, entry_id: str | None) -> tuple[PaperOrder, ...]:
        """The protective orders of an entry that were sent by themselves."""
        return tuple(
            o for o in self.orders.values() if entry_id is not None and o.parent_id == entry_id and not o.is_leg
        )

    def reducible(self, side: Side) -> Decimal:
        """Shares that an order of this side could trade and still only reduce what is held."""
        return max(self.held if side is Side.SELL else -self.held, ZERO)

    def holding(self, *orders: PaperOrder) -> Book:
        """The book with these orders as they are now, new or changed."""
        return replace(self, orders={**self.orders, **{order.client_order_id: order for order in orders}})

    def booked(self, fill: Fill) -> Book:
        """The book after a fill."""
        return replace(self, held=self.held + fill.signed_quantity, fills=(*self.fills, fill))
