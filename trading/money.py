"""Exact amounts: dollars, prices, quantities and fractions that cannot be NaN, infinite or absurd."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

CENT = Decimal("0.01")
ZERO = Decimal(0)
MOST_SHARES = Decimal("1e9")
MOST_TEXT = 4000
# Digits enough for any quantity times any price: the default 28 would round once before the cents do.
_EXACTLY = Context(prec=40, rounding=ROUND_HALF_EVEN)
# The least tick a stock trades at, by SEC rule 612: a cent from one dollar up, a hundredth of a cent below.
SMALL_TICK = Decimal("0.0001")


class Record(BaseModel):
    """A frozen value, validated at construction; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


def _exact(value: object) -> object:
    """Refuse floats and booleans: an amount that went through binary is no longer the amount."""
    if isinstance(value, (float, bool)):
        message = "an amount must be a Decimal, an int or a decimal string"
        raise ValueError(message)  # noqa: TRY004  pydantic turns only ValueError into a validation error
    return value


def _no_negative_zero(value: Decimal) -> Decimal:
    return value or abs(value)


_EXACT = BeforeValidator(_exact)
_ZERO = AfterValidator(_no_negative_zero)

Dollars = Annotated[
    Decimal, _EXACT, Field(allow_inf_nan=False, ge=Decimal("-1e15"), le=Decimal("1e15"), decimal_places=2), _ZERO
]
"""US dollars to the cent, signed."""
Price = Annotated[Decimal, _EXACT, Field(allow_inf_nan=False, gt=0, le=Decimal("1e7"), decimal_places=6)]
"""US dollars a share, positive."""
Quantity = Annotated[Decimal, _EXACT, Field(allow_inf_nan=False, ge=0, le=MOST_SHARES, decimal_places=9), _ZERO]
"""Shares, unsigned; nine decimals because brokers sell fractions."""
SignedQuantity = Annotated[
    Decimal, _EXACT, Field(allow_inf_nan=False, ge=-MOST_SHARES, le=MOST_SHARES, decimal_places=9), _ZERO
]
"""Shares held, positive when long."""
LEAST_RATIO, MOST_RATIO = Decimal("0.0001"), Decimal(10_000)
"""Shares for one; beyond them it is no split but a mistake."""
ShareRatio = Annotated[Decimal, Field(allow_inf_nan=False, ge=LEAST_RATIO, le=MOST_RATIO)]
"""New shares for one old share."""
Fraction = Annotated[Decimal, _EXACT, Field(allow_inf_nan=False, ge=0, le=1, decimal_places=8), _ZERO]
"""A part of one, 0 to 1."""
Ratio = Annotated[float, Field(allow_inf_nan=False)]
"""A finite number for indicators and scores; never money."""

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,159}$")]
"""Names a thing in the books; safe in a URL, a log line and a workflow id."""
DeskId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]
"""A desk's short name; client order ids start with it, so it stays short."""
Text = Annotated[str, StringConstraints(max_length=MOST_TEXT)]
"""Words of a person or a model, capped."""


def cents(amount: Decimal) -> Decimal:
    """Round dollars to the cent, half to even."""
    return amount.quantize(CENT, context=_EXACTLY)


def notional(quantity: Decimal, price: Decimal) -> Decimal:
    """Quantity × price in dollars, unsigned, rounded to the cent once."""
    return cents(_EXACTLY.multiply(quantity.copy_abs(), price))


def whole_shares(dollars: Decimal, price: Decimal) -> Decimal:
    """The whole shares that so many dollars buy: zero when dollars are negative, never more than a `Quantity` holds."""
    return max(min(dollars / price, MOST_SHARES).quantize(Decimal(1), rounding=ROUND_DOWN), ZERO)


def tick(price: Decimal) -> Decimal:
    """The least price step at this price."""
    return CENT if price >= 1 else SMALL_TICK
