"""A person's yes before an entry is sent: when it is asked for, and what it is bound to."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from trading.limits import Budget
from trading.money import Fraction, Record


class ApprovalMode(StrEnum):
    """Which entries wait for a person: none, those above so many dollars, all."""

    AUTO = "auto"
    ABOVE_NOTIONAL = "above_notional"
    ALWAYS = "always"


class ApprovalTerms(Record):
    """When a person is asked, and how long a yes may be given; silence is no.

    `above_usd` is of one order, for `above_notional`; `max_drift` how far the newest price may be from the mark that
    was seen, as a fraction, when the order is sent.
    """

    mode: ApprovalMode = ApprovalMode.AUTO
    above_usd: Budget = Decimal("10000.00")
    valid_minutes: Annotated[int, Field(ge=1, le=120)] = 15
    max_drift: Fraction = Decimal("0.01")

    def asks(self, usd: Decimal) -> bool:
        """Whether an entry of so many dollars waits for a person."""
        above = self.mode is ApprovalMode.ABOVE_NOTIONAL and usd > self.above_usd
        return above or self.mode is ApprovalMode.ALWAYS
