"""Reading what Alpaca says of orders and fills. What does not add up raises `Unreadable`, whole: nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from pydantic import ValidationError

from adapters.alpaca_broker import values as read
from adapters.alpaca_broker.statuses import state_of
from adapters.alpaca_broker.values import Row, Unreadable
from trading.instruments import Side
from trading.money import ZERO
from trading.orders import Fill, Leg, OrderRequest, OrderState
from trading.settlement import BrokerOrder

# Our ids end in the leg, and in a number where one order follows another (`trading.orders`).
_OURS = re.compile(r"-(entry|exit|stop|target)(\.\d+)?$")
_ROLES = {"stop_loss": Leg.STOP, "take_profit": Leg.TARGET}
_BY_TYPE = {"stop": Leg.STOP, "stop_limit": Leg.STOP, "trailing_stop": Leg.STOP, "limit": Leg.TARGET}
_SIDES = {"buy": Side.BUY, "sell": Side.SELL, "sell_short": Side.SELL}
_AWAKE = frozenset({OrderState.ACCEPTED, OrderState.PARTIALLY_FILLED, OrderState.FILLED})
TAKEN_BACK = "/bust"
"""What is put behind a fill's id to name the fill that takes it back."""


@dataclass(frozen=True)
class Found:
    """An order as read, with what is needed to ask on about it."""

    order: BrokerOrder
    legs: tuple[Found, ...] = ()
    group: str = ""
    is_held: bool = False
    is_filled: bool = False
    """Whether it has filled whole, even if a fill was taken back since."""

    @property
    def is_leg_asleep(self) -> bool:
        """Whether it waits, or waited to its end, for an entry: it never protected anything."""
        return self.is_held or (not self.order.filled_quantity and self.order.state not in _AWAKE)

    def family(self) -> Iterator[Found]:
        """The order and those of its legs that are no longer held back.

        Alpaca lets the legs go once the entry has filled whole. Of two it then shows the stop as `held` still: it
        watches the price all the same, and takes the target's place when that comes.
        """
        yield self
        yield from (leg for leg in self.legs if self.is_filled or not leg.is_leg_asleep)


def read_order(value: object, parent_id: str | None = None) -> Found:
    """An order with its legs. Raises Unreadable."""
    of = read.row(value, "order")
    try:
        return _found(of, parent_id)
    except (ValidationError, ValueError) as wrong:
        raise Unreadable(f"the order {read.words(of, 'client_order_id')[:128]!r}: {_first(wrong)}") from None


def read_answer(value: object, request: OrderRequest) -> Found:
    """The answer to an order that was sent: one about another order, or with other terms, is unreadable."""
    found = read_order(value)
    held = found.order
    told = (held.client_order_id, held.symbol, held.side, held.quantity)
    if told != (request.client_order_id, request.symbol, request.side, request.quantity):
        raise Unreadable(f"it is about {held.client_order_id}, {held.side} {held.quantity:f} {held.symbol}")
    return replace(found, order=held.model_copy(update={"leg": request.leg, "parent_id": request.parent_id}))


def read_orders(value: object) -> list[Found]:
    """A list of orders, legs below their parents. Raises Unreadable when one of them is."""
    return [read_order(each) for each in read.rows(value, "order")]


def read_fills(value: object, names: Mapping[str, str]) -> tuple[Fill, ...]:
    """FILL activities as fills, oldest first; `names` has our id of each of Alpaca's. Raises Unreadable."""
    found: dict[str, Fill] = {}
    for of in read.rows(value, "activity"):
        for fill in _fills(of, names):
            if found.setdefault(fill.fill_id, fill) != fill:
                raise Unreadable(f"the activity {fill.fill_id} is told in two ways")
    return tuple(sorted(found.values(), key=lambda fill: (fill.filled_at, fill.fill_id)))


def order_ids(value: object) -> list[str]:
    """Alpaca's ids of the orders that some activities belong to, each once."""
    return list(dict.fromkeys(read.said(of, "order_id") for of in read.rows(value, "activity")))


def _found(of: Row, parent_id: str | None) -> Found:
    filled = read.maybe(read.number, of, "filled_qty") or ZERO
    quantity = _quantity(of, filled)
    status, name = read.said(of, "status"), read.said(of, "client_order_id")
    state, reason = state_of(status, quantity, filled)
    side = _side(of)
    order = BrokerOrder(
        client_order_id=name,
        broker_order_id=read.said(of, "id"),
        symbol=read.said(of, "symbol"),
        side=side,
        leg=_leg(of, name, side, parent_id),
        quantity=quantity,
        filled_quantity=filled,
        state=state,
        stop_price=read.maybe(read.price, of, "stop_price"),
        limit_price=read.maybe(read.price, of, "limit_price"),
        parent_id=parent_id,
        reason=reason,
        received_at=read.time(of, "submitted_at" if of.get("submitted_at") else "created_at"),
    )
    legs = tuple(read_order(leg, name) for leg in read.rows(of.get("legs") or [], "leg"))
    group = read.words(of, "group_id")
    return Found(order, legs, group, is_held=status == "held", is_filled=status == "filled")


def _quantity(of: Row, filled: Decimal) -> Decimal:
    """Shares ordered. An order of so many dollars, which is none of ours, is of as many shares as it has bought."""
    if of.get("qty") is None and of.get("notional") is not None:
        return filled
    quantity = read.number(of, "qty")
    if quantity <= 0 or filled < 0:
        raise Unreadable("its quantity is not positive")
    return quantity


def _side(of: Row) -> Side:
    side = _SIDES.get(read.said(of, "side"))
    if side is None:
        raise Unreadable("its side is neither buy nor sell")
    return side


def _leg(of: Row, name: str, side: Side, parent_id: str | None) -> Leg:
    """The order's part: as our id says; of a leg as its role or kind; of a stranger's order as its side."""
    ours = _OURS.search(name)
    if ours:
        return Leg(ours[1])
    role = _ROLES.get(read.words(of, "group_role"))
    if role is not None:
        return role
    grouped = parent_id is not None or read.words(of, "order_class") in {"bracket", "oto", "oco"}
    kind = read.words(of, "type") or read.words(of, "order_type")
    if grouped and read.words(of, "group_role") != "entry" and kind in _BY_TYPE:
        return _BY_TYPE[kind]
    return Leg.ENTRY if side is Side.BUY else Leg.EXIT


def _fills(of: Row, names: Mapping[str, str]) -> Iterable[Fill]:
    order_id = read.said(of, "order_id")
    if order_id not in names:
        raise Unreadable(f"an activity of an order that nobody asked for: {order_id[:40]!r}")
    try:
        fill = Fill(
            fill_id=read.said(of, "id"),
            client_order_id=names[order_id],
            symbol=read.said(of, "symbol"),
            side=_side(of),
            quantity=abs(read.number(of, "qty")),
            price=read.price(of, "price"),
            filled_at=read.time(of, "transaction_time"),
        )
    except ValidationError as wrong:
        raise Unreadable(f"the activity {read.words(of, 'id')[:80]!r}: {_first(wrong)}") from None
    yield fill
    if read.words(of, "status") == "canceled":
        yield fill.model_copy(update={"fill_id": f"{fill.fill_id}{TAKEN_BACK}", "reverses": fill.fill_id})


def _first(wrong: Exception) -> str:
    """The first thing that is wrong, without the value itself."""
    if isinstance(wrong, ValidationError):
        error = wrong.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, error['loc']))}: {error['msg']}"
    return str(wrong)
