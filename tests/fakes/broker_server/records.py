"""What the brokerage holds: assets, orders, executions; and how it refuses."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

Row = dict[str, Any]
ZERO = Decimal(0)

OPEN = frozenset({"new", "accepted", "pending_new", "partially_filled", "pending_cancel", "pending_replace"})
LIVE = frozenset({"new", "partially_filled"})
"""States in which a price may fill an order."""
CANCELLABLE = OPEN | {"held"}


class Refused(Exception):
    """An answer with an error status, in Alpaca's form: a code of eight digits, a sentence, and what belongs to it."""

    def __init__(self, status: int, code: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.row: Row = {"code": code, "message": message, **more}


def unprocessable(message: str, **more: Any) -> Refused:
    return Refused(422, 42210000, message, **more)


def forbidden(message: str, **more: Any) -> Refused:
    return Refused(403, 40310000, message, **more)


def unknown(message: str) -> Refused:
    return Refused(404, 40410000, message)


def plain(number: Decimal) -> str:
    """A number as Alpaca writes it: no exponent, no trailing zeros."""
    return format((number + 0).normalize(), "f")


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass
class Asset:
    """A listed security and its price of now; nobody can trade it while `tradable` is False."""

    symbol: str
    price: Decimal
    tradable: bool = True
    fractionable: bool = True
    shortable: bool = True
    exchange: str = "NASDAQ"
    previous_close: Decimal = ZERO

    def __post_init__(self) -> None:
        self.id = str(uuid5(NAMESPACE_URL, self.symbol))
        self.previous_close = self.previous_close or self.price


@dataclass
class Holding:
    """A position: signed quantity and what it cost, of the same sign."""

    asset: Asset
    qty: Decimal = ZERO
    cost: Decimal = ZERO

    @property
    def average(self) -> Decimal:
        return self.cost / self.qty if self.qty else ZERO


@dataclass
class Execution:
    """One fill. `id` is the stream's execution id, `activity_id` the one of the account's activities."""

    id: str
    activity_id: str
    order: Order
    qty: Decimal
    price: Decimal
    at: datetime
    busted: bool = False

    @property
    def signed(self) -> Decimal:
        return self.qty if self.order.side == "buy" else -self.qty


@dataclass
class Asked:
    """A readable request for an order."""

    asset: Asset
    side: str
    type: str
    time_in_force: str
    client_order_id: str
    qty: Decimal | None = None
    notional: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    order_class: str = ""
    extended_hours: bool = False
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    stop_loss_limit: Decimal | None = None


@dataclass(eq=False)
class Order:
    """One order; the legs of a bracket, an oco or an oto are orders of their own below a parent."""

    id: str
    asked: Asked
    created_at: datetime
    intent: str
    status: str = "accepted"
    filled: Decimal = ZERO
    paid: Decimal = ZERO
    parent: Order | None = None
    legs: list[Order] = field(default_factory=list)
    role: str = ""
    group_id: str = ""
    armed: bool = False
    triggered: bool = False
    replaces: str | None = None
    replaced_by: str | None = None
    times: dict[str, datetime] = field(default_factory=dict)
    executions: list[Execution] = field(default_factory=list)
    hidden_until: float = 0.0
    hidden_lookups: int = 0

    @property
    def client_order_id(self) -> str:
        return self.asked.client_order_id

    @property
    def asset(self) -> Asset:
        return self.asked.asset

    @property
    def symbol(self) -> str:
        return self.asked.asset.symbol

    @property
    def side(self) -> str:
        return self.asked.side

    @property
    def qty(self) -> Decimal | None:
        return self.asked.qty

    @property
    def top(self) -> Order:
        return self.parent or self

    def leaves(self) -> Decimal:
        """Shares still to fill; those of an order for dollars at the price of now."""
        if self.qty is not None:
            return max(self.qty - self.filled, ZERO)
        if self.filled or self.asked.notional is None:
            return ZERO
        return (self.asked.notional / self.asset.price).quantize(Decimal("1e-9"), rounding="ROUND_DOWN")

    def cost(self) -> Decimal:
        """Dollars that filling the rest would take."""
        if self.asked.notional is not None:
            return ZERO if self.filled else self.asked.notional
        return self.leaves() * (self.asked.limit_price or self.asked.stop_price or self.asset.price)
