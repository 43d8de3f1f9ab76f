"""What changes a position without a trade: a split, or shares that a person tells the books to take over."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum

from pydantic import AwareDatetime, model_validator

from trading.events import Event, EventType
from trading.instruments import Symbol
from trading.money import ZERO, DeskId, Dollars, Identifier, Record, ShareRatio, SignedQuantity, Text, cents

# The steps of a `Price` and of a `Quantity`.
_PRICE_STEP, _SHARE = Decimal("0.000001"), Decimal("1e-9")
# A ratio such as 1 for 3 has been rounded at its 28th digit: what it makes of shares is right far beyond this one.
_RIGHT = Decimal("1e-15")
# Digits enough for any quantity times any ratio.
_EXACTLY = Context(prec=40)


class AdjustmentKind(StrEnum):
    """Why shares changed."""

    SPLIT = "split"
    ADOPTION = "adoption"


class Adjustment(Record):
    """One such change, in force from a moment on: fills before it are counted first, those of its moment after it.

    A split multiples what is held by `ratio` (new shares for one old) and leaves its cost; parts of a share are kept
    only if the broker holds `fractions`, and what is paid for them is a capital event of its own. An adoption adds
    `quantity` signed shares that cost `cost` dollars, without touching the cash, to what `strategy_id` holds; None is
    the desk's first strategy. `evidence` says on whose word.
    """

    adjustment_id: Identifier
    desk_id: DeskId
    symbol: Symbol
    kind: AdjustmentKind
    ratio: ShareRatio | None = None
    fractions: bool = False
    quantity: SignedQuantity = ZERO
    cost: Dollars = ZERO
    effective_at: AwareDatetime
    evidence: Text
    strategy_id: Identifier | None = None

    @model_validator(mode="after")
    def _of_its_kind(self) -> Adjustment:
        if (self.kind is AdjustmentKind.SPLIT) != (self.ratio is not None):
            message = f"{self.adjustment_id}: a split, and only that, has a ratio"
            raise ValueError(message)
        if (self.kind is AdjustmentKind.ADOPTION) != bool(self.quantity):
            message = f"{self.adjustment_id}: an adoption, and only that, has a quantity"
            raise ValueError(message)
        return self


def position_adjusted(adjustment: Adjustment, trace_id: str) -> Event:
    """The audit log's words for it."""
    return Event.model_validate(
        {
            "event_id": f"{adjustment.adjustment_id}/{EventType.POSITION_ADJUSTED}",
            "desk_id": adjustment.desk_id,
            "aggregate_id": adjustment.desk_id,
            "type": EventType.POSITION_ADJUSTED,
            "trace_id": trace_id,
            "occurred_at": adjustment.effective_at,
            "data": adjustment.model_dump(mode="json"),
        }
    )


def in_force(adjustments: Iterable[Adjustment]) -> tuple[Adjustment, ...]:
    """Each once, in the order in which they came into force."""
    by_id = {adjustment.adjustment_id: adjustment for adjustment in adjustments}
    return tuple(sorted(by_id.values(), key=lambda one: (one.effective_at, one.adjustment_id)))


def new_shares(shares: Decimal, ratio: Decimal, *, fractions: bool) -> Decimal:
    """Signed shares after a split by `ratio`: whole ones, or down to a billionth with `fractions`; the rest is cut."""
    exact = _exact_shares(shares, ratio)
    held = exact.quantize(_SHARE if fractions else Decimal(1), rounding=ROUND_DOWN, context=_EXACTLY)
    return held.quantize(Decimal(1), context=_EXACTLY) if held == held.to_integral_value() else held.normalize(_EXACTLY)


def _exact_shares(shares: Decimal, ratio: Decimal) -> Decimal:
    return _EXACTLY.multiply(shares, ratio).quantize(_RIGHT, rounding=ROUND_HALF_EVEN, context=_EXACTLY)


def portion(shares: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """Shares × part / whole, down to a billionth of a share; the rest is cut."""
    if part == whole:
        return shares
    exact = _EXACTLY.divide(_EXACTLY.multiply(shares, part), whole)
    return exact.quantize(_SHARE, rounding=ROUND_DOWN, context=_EXACTLY).normalize(_EXACTLY)


def new_price(price: Decimal, ratio: Decimal) -> Decimal:
    """Dollars for one share after a split by `ratio`, to a millionth, half to even; never zero."""
    return max((price / ratio).quantize(_PRICE_STEP, rounding=ROUND_HALF_EVEN), _PRICE_STEP)


def cash_in_lieu(held: Decimal, mark: Decimal, ratio: Decimal, *, fractions: bool) -> Decimal:
    """Dollars paid for the part of a share that a split leaves over, so that the value stays the same to the cent.

    `held` signed shares at `mark` dollars, both of before the split.
    """
    after = new_shares(held, ratio, fractions=fractions)
    if after == _exact_shares(held, ratio):
        return ZERO
    return cents(held * mark) - cents(after * (mark / ratio))


def price_through(price: Decimal, symbol: str, adjustments: Iterable[Adjustment], since_at: datetime) -> Decimal:
    """A price that was named at a moment, in the shares of today: through every split of the symbol after it.

    For a stop or target that was decided before a split. A split of that very moment was known already.
    """
    for one in in_force(adjustments):
        if one.symbol == symbol and one.ratio is not None and one.effective_at > since_at:
            price = new_price(price, one.ratio)
    return price


def shares_through(shares: Decimal, symbol: str, adjustments: Iterable[Adjustment], since_at: datetime) -> Decimal:
    """Signed shares of a moment, in the shares of today: through every split of the symbol after it."""
    for one in in_force(adjustments):
        if one.symbol == symbol and one.ratio is not None and one.effective_at > since_at:
            shares = new_shares(shares, one.ratio, fractions=one.fractions)
    return shares
