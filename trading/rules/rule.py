"""What a rule is, and the words it speaks in: signals to buy a part of the equity, or to sell what is held."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_DOWN, Decimal
from math import isfinite
from typing import Annotated, Protocol

from pydantic import Field

from trading.money import SMALL_TICK, tick
from trading.rules.view import View
from trading.signals import Action, Signal

Parts = Annotated[int, Field(ge=1, le=100)]
"""Into how many equal parts the equity is divided; a position has one of them."""
Sessions = Annotated[int, Field(ge=2, le=252)]
"""Sessions that a number is computed over."""
_FINEST = Decimal("1e-8")


class Rule(Protocol):
    """A strategy that decides without asking anybody. Its constructor takes the strategy's parameters by name."""

    def signals(self, view: View) -> Iterable[Signal]:
        """What it would do, one signal a symbol at most; of a symbol that it does not name it wants nothing.

        A pure function of its parameters and the view: no input or output, no clock, no chance, and nothing kept from
        one call to the next. So it says live what it would have said in a backtest.
        """
        ...


def fraction(value: float) -> Decimal:
    """A part of one as a signal holds it, rounded down: parts that sum to one at most still do.

    Raises ValueError for what is no number.
    """
    if not isfinite(value):
        raise ValueError(f"no part of the equity is {value}")
    return Decimal(min(max(value, 0.0), 1.0)).quantize(_FINEST, rounding=ROUND_DOWN)


def price(dollars: float) -> Decimal | None:
    """A price as an order holds it: dollars a share in whole ticks, rounded down; None of what is less than one."""
    exact = Decimal(dollars)
    return exact.quantize(tick(exact), rounding=ROUND_DOWN) if exact >= SMALL_TICK else None


def buy(symbol: str, weight: float, reasoning: str, *, confidence: float = 1.0, stop: float | None = None) -> Signal:
    """Buy for so much of the strategy's equity, in addition to what is held; `stop` in dollars a share."""
    return Signal(
        symbol=symbol,
        action=Action.BUY,
        confidence=confidence,
        weight=fraction(weight),
        stop=None if stop is None else price(stop),
        reasoning=reasoning,
    )


def sell(symbol: str, reasoning: str, *, weight: float | None = None) -> Signal:
    """Sell so much of the strategy's equity, by default all that it holds of the symbol."""
    size = None if weight is None else fraction(weight)
    return Signal(symbol=symbol, action=Action.SELL, confidence=1.0, weight=size, reasoning=reasoning)


def rotate(view: View, parts: int, sold: Sequence[Signal], bought: Sequence[Signal]) -> list[Signal]:
    """The sales, and of the purchases, best first, those for which a part of the equity is free then.

    Bought is only what is watched, not held and not on order. The first is the surest, so that where the limits leave
    too little room for all it has the room.
    """
    free = max(parts - len(view.taken.difference(one.symbol for one in sold)), 0)
    chosen = [one for one in bought if one.symbol in view.watched and one.symbol not in view.taken][:free]
    sureness = {one.symbol: round(1 - rank / (2 * len(chosen)), 4) for rank, one in enumerate(chosen)}
    return [*sold, *(one.model_copy(update={"confidence": sureness[one.symbol]}) for one in chosen)]
