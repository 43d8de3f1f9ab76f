"""What the broker says of an account as a whole: its money, what it holds, what it did and what else happened to it."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime

from trading.accounts import Account
from trading.instruments import Symbol
from trading.money import ZERO, DeskId, Dollars, Identifier, Record, SignedQuantity, Text
from trading.orders import Fill
from trading.settlement import BrokerOrder


class Holding(Record):
    """Signed shares that the broker holds in one symbol."""

    symbol: Symbol
    quantity: SignedQuantity


class ActivityKind(StrEnum):
    """What changed an account without a trade."""

    DIVIDEND = "dividend"
    FEE = "fee"
    INTEREST = "interest"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    CASH_IN_LIEU = "cash_in_lieu"
    SPLIT = "split"
    OTHER = "other"


class Activity(Record):
    """One such change: dollars and shares gained, negative when lost, and the broker's words for it."""

    activity_id: Identifier
    kind: ActivityKind
    amount: Dollars = ZERO
    symbol: Symbol | None = None
    shares: SignedQuantity = ZERO
    occurred_at: AwareDatetime
    words: Text = ""


class Statement(Record):
    """Everything the books are compared with. A part that the broker did not tell is None: silence is not nothing.

    Orders, fills and activities are those since `since_at`, open orders however old; `holdings` is all that is held.
    """

    desk_id: DeskId
    since_at: AwareDatetime
    taken_at: AwareDatetime
    account: Account | None = None
    holdings: tuple[Holding, ...] | None = None
    orders: tuple[BrokerOrder, ...] | None = None
    fills: tuple[Fill, ...] | None = None
    activities: tuple[Activity, ...] | None = None
