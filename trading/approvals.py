"""A person's yes before an entry is sent: when it is asked for, and what it is bound to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from trading.events import canonical
from trading.instruments import Symbol
from trading.limits import Budget
from trading.money import DeskId, Fraction, Identifier, Record, Text, notional
from trading.orders import OrderRequest
from trading.rooms import price_of

MOST_VALID_MINUTES = 120
"""A person may take so long: a decision of two hours ago is for other prices, and its cycle's turn is somebody's."""
WAITS = "waits for a person"
"""How the note of a symbol begins that somebody is asked about."""
MOST_REASONING = 400
"""A hundred orders travel in one payload; the events of the agents hold every word."""


class ApprovalMode(StrEnum):
    """Which entries wait for a person: none, those above so many dollars, all."""

    AUTO = "auto"
    ABOVE_NOTIONAL = "above_notional"
    ALWAYS = "always"


class ApprovalTerms(Record):
    """When a person is asked, and how long a yes may be given; silence is no.

    `above_usd` is of one order, for `above_notional`; where a session runs, `valid_minutes` count from the oldest quote
    that was seen; `max_drift` is how far the newest price may be from the mark that was seen, as a fraction, when the
    order is sent.
    """

    mode: ApprovalMode = ApprovalMode.AUTO
    above_usd: Budget = Decimal("10000.00")
    valid_minutes: Annotated[int, Field(ge=1, le=MOST_VALID_MINUTES)] = 15
    max_drift: Fraction = Decimal("0.01")

    def asks(self, usd: Decimal) -> bool:
        """Whether an entry of so many dollars waits for a person."""
        above = self.mode is ApprovalMode.ABOVE_NOTIONAL and usd > self.above_usd
        return above or self.mode is ApprovalMode.ALWAYS

    def with_own(self, own: ApprovalTerms | None) -> ApprovalTerms:
        """The stricter of both in each respect: a strategy may ask a person more often than its desk, never less."""
        if own is None:
            return self
        both = (self, own)
        above = [one.above_usd for one in both if one.mode is ApprovalMode.ABOVE_NOTIONAL]
        return ApprovalTerms(
            mode=max((one.mode for one in both), key=list(ApprovalMode).index),
            above_usd=min(above, default=self.above_usd),
            valid_minutes=min(one.valid_minutes for one in both),
            max_drift=min(one.max_drift for one in both),
        )

    def until(self, asked_at: datetime, closes_at: datetime | None) -> datetime:
        """When it is too late for a yes; never past the bell that ends the orders, None where no clock runs."""
        ends_at = asked_at + timedelta(minutes=self.valid_minutes)
        return min(ends_at, closes_at) if closes_at else ends_at


def usd_of(request: OrderRequest) -> Decimal:
    """What an order is worth to these terms: its shares at the mark, or at its own price where that is higher."""
    return notional(request.quantity, price_of(request))


def digest_of(request: OrderRequest) -> str:
    """SHA-256 over the canonical form of one order: every field of it, so that none can change unseen."""
    return _sha256(canonical(request.model_dump(mode="json")))


def seal_of(digests: Iterable[str]) -> str:
    """The hash of several orders together, from the digest of each, in their order: what a yes is bound to."""
    return _sha256(canonical(list(digests)))


class PendingOrder(Record):
    """An entry that waits for a person: the exact order, and what is shown with it."""

    request: OrderRequest
    usd: Budget
    reasoning: Annotated[str, Field(max_length=MOST_REASONING)] = ""
    quote_age_seconds: Annotated[int, Field(ge=0)] = 0


class ApprovalAsked(Record):
    """A cycle asks a person of these orders, all at once. `hash` is the seal of them; from `expires_at` on it is no.

    `proposed_by` is the person whose trade it is, where it is no agent's and no rule's.
    """

    cycle_id: Identifier
    desk_id: DeskId
    strategy_id: Identifier
    trace_id: Identifier
    orders: tuple[PendingOrder, ...]
    hash: Identifier
    max_drift: Fraction
    asked_at: AwareDatetime
    expires_at: AwareDatetime
    proposed_by: str = Field(default="", exclude_if=lambda who: not who)

    @property
    def digests(self) -> tuple[str, ...]:
        """The digest of each order."""
        return tuple(digest_of(order.request) for order in self.orders)

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """What would be entered."""
        return tuple(order.request.symbol for order in self.orders)


class ApprovalEnd(StrEnum):
    """How the question ended: a yes to all, to some, a no, or silence."""

    APPROVED = "approved"
    PARTLY = "partly"
    REJECTED = "rejected"
    EXPIRED = "expired"


class Approval(Record):
    """What came of a question: which symbols may be entered, on whose word, why, and when that was said."""

    cycle_id: Identifier
    hash: Identifier
    end: ApprovalEnd
    approved: tuple[Symbol, ...] = ()
    by: str = ""
    reason: Text = ""
    at: AwareDatetime

    @property
    def words(self) -> str:
        """The answer in a few words."""
        if self.end is ApprovalEnd.EXPIRED:
            return "nobody has answered in time"
        said = f" {', '.join(self.approved)}" if self.end is ApprovalEnd.PARTLY else ""
        return f"{self.end}{said} by {self.by}{': ' if self.reason else ''}{self.reason}"


class Consent(Record):
    """A person's answer for one order, carried to its intent: the hash it was bound to, and the digests that make it.

    An order that was not approved carries it too: it is denied with it, and the log says why.
    """

    hash: Identifier
    digests: tuple[Identifier, ...]
    approved: bool
    end: ApprovalEnd
    words: Text
    by: str = ""
    expires_at: AwareDatetime


def consent_of(asked: ApprovalAsked, approval: Approval, symbol: Symbol) -> Consent:
    """What the answer means for the order of one symbol."""
    return Consent(
        hash=approval.hash,
        digests=asked.digests,
        approved=symbol in approval.approved,
        end=approval.end,
        words=approval.words[:MOST_REASONING],
        by=approval.by,
        expires_at=asked.expires_at,
    )


def silence(asked: ApprovalAsked, at: datetime) -> Approval:
    """Nobody has answered."""
    return Approval(cycle_id=asked.cycle_id, hash=asked.hash, end=ApprovalEnd.EXPIRED, at=at)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
