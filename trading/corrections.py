"""What the books can be told about a difference with the broker. Each is a line in the books; none sends an order."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trading.adjustments import Adjustment
from trading.money import Identifier, Record
from trading.orders import Fill, OrderState
from trading.portfolio import CapitalEvent
from trading.settlement import BrokerOrder


class BookFill(Record):
    """Book a fill that the books missed, or one that takes an earlier fill back."""

    kind: Literal["book_fill"] = "book_fill"
    fill: Fill


class MoveOrder(Record):
    """Move an order to the state that the broker says it is in; `held` is the broker's word."""

    kind: Literal["move_order"] = "move_order"
    client_order_id: Identifier
    state: OrderState
    held: BrokerOrder


class AdoptLeg(Record):
    """Enter a protective order that the broker holds for an entry of ours, as accepted."""

    kind: Literal["adopt_leg"] = "adopt_leg"
    entry_id: Identifier
    leg: BrokerOrder


class BookCapital(Record):
    """Book cash that came or went without a trade."""

    kind: Literal["book_capital"] = "book_capital"
    capital: CapitalEvent


class BookAdjustment(Record):
    """Book shares that changed without a trade."""

    kind: Literal["book_adjustment"] = "book_adjustment"
    adjustment: Adjustment


class IgnoreOrder(Record):
    """Take an order for somebody else's from now on: a person has said that it may stand in this account."""

    kind: Literal["ignore_order"] = "ignore_order"
    client_order_id: Identifier


class ForgetOrder(Record):
    """End an order that nobody answered for: a person has seen at the broker that it never arrived."""

    kind: Literal["forget_order"] = "forget_order"
    client_order_id: Identifier


Correction = Annotated[
    BookFill | MoveOrder | AdoptLeg | BookCapital | BookAdjustment | IgnoreOrder | ForgetOrder,
    Field(discriminator="kind"),
]
