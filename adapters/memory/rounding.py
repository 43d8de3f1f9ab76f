"""Amounts in the one form that a table gives them back in, so that what is said of them reads the same."""

from __future__ import annotations

from decimal import Decimal

from trading.money import CENT

_ONE = Decimal(1)


def trimmed(amount: Decimal) -> Decimal:
    """Without trailing zeros: 10.500000 is 10.5, 10.000000 is 10."""
    return amount.quantize(_ONE) if amount == amount.to_integral_value() else amount.normalize()


def cents_of(dollars: Decimal) -> Decimal:
    """With two decimals."""
    return dollars.quantize(CENT)
