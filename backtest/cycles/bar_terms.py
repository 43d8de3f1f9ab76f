"""What trading at a bar's prices costs, and what holding through a night does. Pure."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal

from adapters.paper_broker.money import Money
from adapters.paper_broker.terms import ONE_SHARE, PaperTerms
from trading.backtest_plan import Frictions, Plan
from trading.costs import BASIS_POINT
from trading.instruments import Side
from trading.market import PRICE_STEP
from trading.money import ZERO, cents
from trading.statement import ActivityKind

_YEAR = Decimal(365)


class BarTerms(PaperTerms):
    """The paper broker's terms at prices that are of no tick: adjusted ones have more digits than any exchange quotes.

    Slippage is rounded against us to a millionth of a dollar in place of a tick, unless the plan has `ticks`.
    """

    ticks: bool = False

    def slipped(self, price: Decimal, side: Side) -> Decimal:
        """Dollars a share for an order that takes this price."""
        if self.ticks:
            return super().slipped(price, side)
        slip = self.slippage_bps * BASIS_POINT
        if side is Side.BUY:
            return (price * (1 + slip)).quantize(PRICE_STEP, rounding=ROUND_CEILING)
        return max((price * (1 - slip)).quantize(PRICE_STEP, rounding=ROUND_FLOOR), PRICE_STEP)


def bar_terms(plan: Plan, terms: PaperTerms | None = None) -> BarTerms:
    """A plan's terms: costs and opening cash are its own; short positions are its limits', unless `terms` say so."""
    allow_short = plan.limits is not None and plan.limits.allow_short
    account = terms or PaperTerms(allow_short=allow_short)
    kept = {"allow_short": account.allow_short, "fractionable": account.fractionable, "opening_cash": cents(plan.cash)}
    kept["ticks"] = plan.frictions.ticks
    return BarTerms.model_validate({**plan.frictions.costs.model_dump(), **kept})


def half_spread(frictions: Frictions) -> Decimal:
    """What each side pays of the spread, as a part of the price."""
    return frictions.spread_bps * BASIS_POINT / 2


def room_of(volume: int, frictions: Frictions) -> Decimal | None:
    """Whole shares that all orders together get from one bar; None when any number."""
    if frictions.volume_share is None:
        return None
    return (volume * frictions.volume_share).quantize(ONE_SHARE, rounding=ROUND_DOWN)


def overnight(money: Money, nights: int, frictions: Frictions) -> dict[ActivityKind, Decimal]:
    """Dollars for so many nights: interest on what cash there is, and the fee for what is short at its mark."""
    part = nights / _YEAR
    return {
        ActivityKind.INTEREST: cents(max(money.cash, ZERO) * frictions.cash_rate * part),
        ActivityKind.FEE: -cents(money.short * frictions.borrow_rate * part),
    }
