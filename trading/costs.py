"""What trading costs where fills are only computed: slippage and commission."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Annotated

from pydantic import Field

from trading.instruments import Side
from trading.market import Quote
from trading.money import SMALL_TICK, ZERO, Dollars, Record, cents, notional, tick

BASIS_POINT = Decimal("0.0001")

Rate = Annotated[Decimal, Field(ge=0, le=1000, allow_inf_nan=False)]


class Costs(Record):
    """Those of a US retail broker: no commission, 5 basis points of slippage.

    `commission_per_order` dollars, charged with an order's first fill; `commission_per_share` dollars a share;
    `slippage_bps` and `commission_bps` basis points of the price.
    """

    slippage_bps: Rate = Decimal(5)
    commission_per_order: Annotated[Dollars, Field(ge=0)] = ZERO
    commission_per_share: Rate = ZERO
    commission_bps: Rate = ZERO

    def commission(self, quantity: Decimal, price: Decimal, *, first: bool) -> Decimal:
        """Dollars of commission on one fill, to the cent."""
        traded = quantity * self.commission_per_share + notional(quantity, price) * self.commission_bps * BASIS_POINT
        return cents(traded + (self.commission_per_order if first else ZERO))

    def price(self, quote: Quote, side: Side) -> Decimal:
        """Dollars a share for an order that takes what a quote offers."""
        return self.slipped(quote.ask if side is Side.BUY else quote.bid, side)

    def slipped(self, price: Decimal, side: Side) -> Decimal:
        """Dollars a share for an order that takes this price: slippage and rounding go against us."""
        slip = self.slippage_bps * BASIS_POINT
        if side is Side.BUY:
            return _to_tick(price * (1 + slip), ROUND_CEILING)
        return max(_to_tick(price * (1 - slip), ROUND_FLOOR), SMALL_TICK)


def _to_tick(price: Decimal, rounding: str) -> Decimal:
    step = tick(price)
    return (price / step).to_integral_value(rounding) * step
