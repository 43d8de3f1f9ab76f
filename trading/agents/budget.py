"""What may be spent on models: caps on calls, tokens and dollars, in one cycle and in one day.

A cap that cannot be kept counts as reached: dollars are refused once a call has no known price.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from trading.money import Record

Count = Annotated[int, Field(ge=0)]
Cost = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]


class Tally(Record):
    """What some calls took. `usd` leaves out those without a known price; `unpriced` counts them."""

    calls: Count = 0
    tokens: Count = 0
    usd: Cost = Decimal(0)
    unpriced: Count = 0


class Spending(Record):
    """What a desk has spent in this cycle, and today in all of its cycles; a day is UTC's."""

    cycle: Tally = Tally()
    day: Tally = Tally()


class Caps(Record):
    """The most that may be spent; None is no cap."""

    calls: Count | None = None
    tokens: Count | None = None
    usd: Cost | None = None

    @property
    def any(self) -> bool:
        """Whether there is a cap at all."""
        return (self.calls, self.tokens, self.usd) != (None, None, None)


class Budget(Record):
    """The caps of a cycle and of a day."""

    cycle: Caps = Caps()
    day: Caps = Caps()

    @property
    def any(self) -> bool:
        """Whether there is a cap at all."""
        return self.cycle.any or self.day.any


def refusal(spent: Spending, budget: Budget, under_way: int) -> str | None:
    """Why no further call may be made, or None. A call under way counts as one, and as the day's average in the rest.

    The call that passes a cap on tokens or dollars is the last: what it will take is not known before.
    """
    for period, tally, caps in (("cycle", spent.cycle, budget.cycle), ("day", spent.day, budget.day)):
        for reason in _reached(_with_those_under_way(tally, spent.day, under_way), caps):
            return f"{reason} this {period}"
    return None


def _with_those_under_way(tally: Tally, day: Tally, under_way: int) -> Tally:
    if not under_way:
        return tally
    calls = max(day.calls, 1)
    return tally.model_copy(
        update={
            "calls": tally.calls + under_way,
            "tokens": tally.tokens + day.tokens * under_way // calls,
            "usd": tally.usd + day.usd * under_way / calls,
        }
    )


def _reached(tally: Tally, caps: Caps) -> Iterator[str]:
    if caps.calls is not None and tally.calls >= caps.calls:
        yield f"{tally.calls} of {caps.calls} calls"
    if caps.tokens is not None and tally.tokens >= caps.tokens:
        yield f"{tally.tokens} of {caps.tokens} tokens"
    if caps.usd is not None and tally.unpriced:
        yield f"{tally.unpriced} calls without a known price, so a cap in dollars cannot be kept"
    if caps.usd is not None and tally.usd >= caps.usd:
        yield f"{tally.usd:.4f} of {caps.usd} dollars"
