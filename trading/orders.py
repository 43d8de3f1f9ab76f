"""Orders and fills: what was asked of the broker, what came of it, and the states in between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, model_validator

from trading.errors import IllegalTransition
from trading.instruments import UNKNOWN_SECTOR, Side, Symbol
from trading.money import ZERO, DeskId, Dollars, Fraction, Identifier, Price, Quantity, Ratio, Record, notional


class OrderKind(StrEnum):
    """How an order meets the market."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"


class Leg(StrEnum):
    """An order's part in a position's life. `stop` and `target` protect; they only ever reduce what is held."""

    ENTRY = "entry"
    EXIT = "exit"
    STOP = "stop"
    TARGET = "target"


PROTECTIVE = frozenset({Leg.STOP, Leg.TARGET})


OPERATOR = "operator"
"""The strategy of orders that a person gives."""


class OrderState(StrEnum):
    """An order's life, in the words of the house."""

    INTENDED = "intended"
    DENIED = "denied"
    SUBMITTED = "submitted"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"


S = OrderState
# Where each state may lead. Nothing leads out of an end, except that a fill which crossed a cancel on the wire still
# counts. `submitted` is written before the wire: from there on the broker may have the order. `unknown` is what it is
# when the broker was asked for long and did not say; only the broker's own word leads out of it.
TRANSITIONS: Mapping[OrderState, frozenset[OrderState]] = {
    S.INTENDED: frozenset({S.SUBMITTED, S.ACCEPTED, S.PARTIALLY_FILLED, S.FILLED, S.CANCELLED, S.REJECTED, S.EXPIRED}),
    S.DENIED: frozenset(),
    S.SUBMITTED: frozenset({S.UNKNOWN, S.ACCEPTED, S.PARTIALLY_FILLED, S.FILLED, S.CANCELLED, S.REJECTED, S.EXPIRED}),
    S.UNKNOWN: frozenset({S.ACCEPTED, S.PARTIALLY_FILLED, S.FILLED, S.CANCELLED, S.REJECTED, S.EXPIRED}),
    S.ACCEPTED: frozenset({S.PARTIALLY_FILLED, S.FILLED, S.CANCELLED, S.REJECTED, S.EXPIRED}),
    S.PARTIALLY_FILLED: frozenset({S.FILLED, S.CANCELLED, S.EXPIRED}),
    S.FILLED: frozenset(),
    S.CANCELLED: frozenset({S.FILLED}),
    S.REJECTED: frozenset(),
    S.EXPIRED: frozenset({S.FILLED}),
}
OPEN = frozenset({S.INTENDED, S.SUBMITTED, S.UNKNOWN, S.ACCEPTED, S.PARTIALLY_FILLED})
# The broker has never said that it has the order.
UNANSWERED = frozenset({S.INTENDED, S.SUBMITTED, S.UNKNOWN})


class TimeInForce(StrEnum):
    """How long an order stands: to the end of the session, or until it is cancelled."""

    DAY = "day"
    GTC = "gtc"


class Style(Record):
    """How an entry goes to the market: at once, or at a limit that is `offset` (a fraction) worse than the mark.

    A limit that nothing was filled at for `reprice_seconds` is taken back and goes on at the new price; 0 is never.
    """

    kind: OrderKind = OrderKind.MARKET
    offset: Fraction = Decimal("0.001")
    reprice_seconds: Annotated[int, Field(ge=0, le=3600)] = 30


class OrderRequest(Record):
    """An instruction, complete and final: what the desk intends, what the broker is sent.

    `mark` is the price the decision was made at; `stop` and `target` (dollars a share) protect an entry once it is
    filled; `expires_at` is the session's end, None where sessions are not kept; `replaces` names the order whose rest
    this one goes on with at another price; `reprice_seconds` after which a limit without a fill is taken back, 0 is
    never; `scores` are the agents' confidences behind it, kept with the trade.
    """

    client_order_id: Identifier
    desk_id: DeskId
    strategy_id: Identifier
    cycle_id: Identifier
    leg: Leg
    symbol: Symbol
    sector: str = UNKNOWN_SECTOR
    side: Side
    kind: OrderKind = OrderKind.MARKET
    quantity: Quantity
    mark: Price
    limit_price: Price | None = None
    stop_price: Price | None = None
    stop: Price | None = None
    target: Price | None = None
    parent_id: Identifier | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    expires_at: AwareDatetime | None = None
    reprice_seconds: Annotated[int, Field(ge=0, le=3600)] = 0
    replaces: Identifier | None = None
    scores: dict[str, Ratio] = Field(default_factory=dict)
    as_of: AwareDatetime
    trace_id: Identifier

    @model_validator(mode="after")
    def _complete(self) -> OrderRequest:
        if self.quantity <= 0:
            message = "an order needs a positive quantity"
            raise ValueError(message)
        if (self.kind is OrderKind.LIMIT) != (self.limit_price is not None):
            message = "a limit order, and only that, has a limit price"
            raise ValueError(message)
        if (self.kind is OrderKind.STOP) != (self.stop_price is not None):
            message = "a stop order, and only that, has a stop price"
            raise ValueError(message)
        if (self.leg in PROTECTIVE) != (self.parent_id is not None):
            message = "a protective order, and only that, has a parent"
            raise ValueError(message)
        return self


class Fill(Record):
    """One execution of part of an order: shares, dollars a share, dollars of commission.

    A broker that takes a fill back sends another that names it in `reverses`; neither then counts.
    """

    fill_id: Identifier
    client_order_id: Identifier
    symbol: Symbol
    side: Side
    quantity: Quantity
    price: Price
    commission: Dollars = ZERO
    filled_at: AwareDatetime
    reverses: Identifier | None = None

    @model_validator(mode="after")
    def _of_something(self) -> Fill:
        if self.quantity <= 0:
            message = "a fill needs a positive quantity"
            raise ValueError(message)
        return self

    @property
    def signed_quantity(self) -> Decimal:
        """Shares gained, negative when sold."""
        return self.quantity if self.side is Side.BUY else -self.quantity

    @property
    def notional(self) -> Decimal:
        """Dollars traded, unsigned, rounded to the cent: the only place where cents are rounded."""
        return notional(self.quantity, self.price)

    @property
    def cash_change(self) -> Decimal:
        """Dollars of cash gained, negative when spent, commission included."""
        gross = self.notional if self.side is Side.SELL else -self.notional
        return gross - self.commission


class Order(Record):
    """An order as the books know it."""

    request: OrderRequest
    state: OrderState
    filled_quantity: Quantity = ZERO
    broker_order_id: str | None = None
    reason: str | None = None

    @property
    def leaves(self) -> Decimal:
        """Shares still to be filled while the order is open, else zero."""
        return max(self.request.quantity - self.filled_quantity, ZERO) if self.state in OPEN else ZERO

    @property
    def is_open(self) -> bool:
        """Whether the broker may still fill it."""
        return self.state in OPEN


def client_order_id(cycle_id: str, symbol: str, side: Side, leg: Leg) -> str:
    """Name an order after the decision that made it: the same decision can never make two orders."""
    return f"{cycle_id}-{symbol}-{side}-{leg}"


def successor_id(name: str) -> str:
    """Name the order that follows this one at another price: `NAME.2`, `NAME.3` and so on."""
    stem, dot, number = name.rpartition(".")
    return f"{stem}.{int(number) + 1}" if dot and number.isdigit() else f"{name}.2"


def stem_of(name: str) -> str:
    """The first of a chain of orders that replace each other."""
    stem, dot, number = name.rpartition(".")
    return stem if dot and number.isdigit() else name


def advance(order: Order, state: OrderState, *, broker_order_id: str | None = None, reason: str | None = None) -> Order:
    """Move an order along its life. Saying again what is already so changes nothing.

    Raises IllegalTransition when the state does not lead there.
    """
    changes = {
        "broker_order_id": broker_order_id or order.broker_order_id,
        "reason": reason or order.reason,
        "state": state,
    }
    if state is not order.state and state not in TRANSITIONS[order.state]:
        message = f"{order.request.client_order_id}: {order.state} does not lead to {state}"
        raise IllegalTransition(message)
    return order.model_copy(update=changes)


def effective(fills: Iterable[Fill]) -> tuple[Fill, ...]:
    """The fills that count, each once, without those taken back, in the order they happened."""
    by_id = {fill.fill_id: fill for fill in fills}
    gone = {fill.reverses for fill in by_id.values() if fill.reverses}
    counted = (fill for fill in by_id.values() if fill.fill_id not in gone and not fill.reverses)
    return tuple(sorted(counted, key=lambda fill: (fill.filled_at, fill.fill_id)))


def settle(order: Order, fills: Iterable[Fill]) -> Order:
    """The order after all its fills: its filled quantity and the state that follows, whatever order they came in.

    Start from the state that was last said of the order, not from one that fills already made: a fill that is taken
    back then leads back to it. An over-fill is kept, never cut: the broker did it, and the audit must find it.
    """
    filled = sum((fill.quantity for fill in effective(fills)), ZERO)
    if filled >= order.request.quantity:
        state = OrderState.FILLED
    elif filled and (order.is_open or order.state is OrderState.FILLED):
        state = OrderState.PARTIALLY_FILLED
    elif not filled and order.state in {OrderState.PARTIALLY_FILLED, OrderState.FILLED}:
        state = OrderState.ACCEPTED
    else:
        state = order.state
    return order.model_copy(update={"filled_quantity": filled, "state": state})
