"""What trading on paper costs, and how much of a day's volume one order may take."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Annotated

from pydantic import Field

from trading.costs import Costs
from trading.instruments import Side
from trading.market import Quote
from trading.money import Dollars, Fraction

ONE_SHARE = Decimal(1)


class PaperTerms(Costs):
    """The terms of a US retail broker, who fills a tenth of a day's volume a quote.

    `volume_share` is a part of one. An account opens with `opening_cash` dollars, may hold parts of a share if
    `fractionable`, and fewer than none if `allow_short`.
    """

    volume_share: Fraction = Decimal("0.10")
    opening_cash: Annotated[Dollars, Field(ge=0)] = Decimal("100000.00")
    allow_short: bool = False
    fractionable: bool = True

    def room(self, average_volume: Decimal | None) -> Decimal | None:
        """The most shares that one order gets from one quote, at least one; None when the volume is unknown or zero."""
        if not average_volume:
            return None
        return max((average_volume * self.volume_share).quantize(ONE_SHARE, rounding=ROUND_DOWN), ONE_SHARE)


@dataclass(frozen=True, slots=True)
class Offer:
    """What the market gives one order at one moment: a quote, and at most `room` shares (None: any number)."""

    quote: Quote
    room: Decimal | None
    terms: PaperTerms

    def price(self, side: Side) -> Decimal:
        """Dollars a share for an order that takes what there is."""
        return self.terms.price(self.quote, side)
