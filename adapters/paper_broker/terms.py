"""What trading on paper costs: slippage, commission, and how much of a day's volume one order may take."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal
from typing import Annotated

from pydantic import Field

from trading.instruments import Side
from trading.market import Quote
from trading.money import SMALL_TICK, ZERO, Dollars, Fraction, Record, cents, notional, tick

BASIS_POINT = Decimal("0.0001")
ONE_SHARE = Decimal(1)

Rate = Annotated[Decimal, Field(ge=0, le=1000, allow_inf_nan=False)]


class PaperTerms(Record):
    """The terms of a US retail broker: no commission, 5 basis points of slippage, a tenth of a day's volume a quote.

    `commission_per_order` dollars, charged with an order's first fill; `commission_per_share` dollars a share;
    `slippage_bps` and `commission_bps` basis points of the price; `volume_share` a part of one. An account opens with
    `opening_cash` dollars, may hold parts of a share if `fractionable`, and fewer than none if `allow_short`.
    """

    slippage_bps: Rate = Decimal(5)
    commission_per_order: Annotated[Dollars, Field(ge=0)] = ZERO
    commission_per_share: Rate = ZERO
    commission_bps: Rate = ZERO
    volume_share: Fraction = Decimal("0.10")
    opening_cash: Annotated[Dollars, Field(ge=0)] = Decimal("100000.00")
    allow_short: bool = False
    fractionable: bool = True

    def commission(self, quantity: Decimal, price: Decimal, *, first: bool) -> Decimal:
        """Dollars of commission on one fill, to the cent."""
        traded = quantity * self.commission_per_share + notional(quantity, price) * self.commission_bps * BASIS_POINT
        return cents(traded + (self.commission_per_order if first else ZERO))

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
        """Dollars a share for an order that takes what there is: slippage and rounding go against us."""
        slip = self.terms.slippage_bps * BASIS_POINT
        if side is Side.BUY:
            return _to_tick(self.quote.ask * (1 + slip), ROUND_CEILING)
        return max(_to_tick(self.quote.bid * (1 - slip), ROUND_FLOOR), SMALL_TICK)


def _to_tick(price: Decimal, rounding: str) -> Decimal:
    step = tick(price)
    return (price / step).to_integral_value(rounding) * step
