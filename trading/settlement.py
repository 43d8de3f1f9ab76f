"""An order between the books and the broker: what an intent asks, how it is refused, what the broker says of it."""

from __future__ import annotations

from pydantic import AwareDatetime

from trading.approvals import ApprovalTerms, Consent
from trading.instruments import Side, Symbol
from trading.limits import Breach, Limits
from trading.money import ZERO, Identifier, Price, Quantity, Record
from trading.orders import Leg, Order, OrderRequest, OrderState
from trading.standing import Standing


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


class IntentAsked(Record):
    """An order to intend under the limits in force, with what the broker and the market say just before.

    Without a standing nothing is entered, but what is held may be closed. `flattens` marks an exit of all that is held
    on a person's word: it is not counted against the orders of a minute or a day. `real_money` says what the account
    is, as the settings of who asks have it: a strategy that was not promoted to that opens nothing. `approval` says
    of which entries a person is asked, `consent` what that one has answered.
    """

    request: OrderRequest
    limits: Limits
    standing: Standing | None = None
    flattens: bool = False
    real_money: bool = False
    approval: ApprovalTerms = ApprovalTerms()
    consent: Consent | None = None
    intended_at: AwareDatetime


class Denied(Record):
    """An intent that the limits or the trading state refused."""

    client_order_id: Identifier
    breaches: tuple[Breach, ...]

    @property
    def reason(self) -> str:
        """The breaches as one sentence."""
        return "; ".join(breach.reason for breach in self.breaches)


class Sending(Record):
    """An order to be sent, asked for at a moment of its workflow's clock.

    Not after `send_by`: its decision was for other prices; and `again` only when the broker surely has not got the
    first. `real_money` is what the account is to the one who sends.
    """

    request: OrderRequest
    again: bool = False
    real_money: bool = False
    asked_at: AwareDatetime
    send_by: AwareDatetime

    @property
    def is_late(self) -> bool:
        """Whether it must not be sent any more."""
        return self.asked_at > self.send_by


class Clearance(Record):
    """The books' last word before the wire: the order as it stands, and whether it may be sent now."""

    order: Order
    may_send: bool


class Looking(Record):
    """A look for an order that nobody has answered for: when it was last sent, and when this is, by one clock."""

    request: OrderRequest
    sent_at: AwareDatetime
    looked_at: AwareDatetime


class Look(Record):
    """What came of it; `is_missing` when the broker says that it has none, and has had time to know."""

    order: Order
    is_missing: bool
