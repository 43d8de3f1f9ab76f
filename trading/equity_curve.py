"""What the desk was worth over time, as a picture needs it, and what the same money would be in the benchmark.

Drawdown and benchmark are by returns and not by dollars: what the owner pays in lifts nothing above a peak, and goes
into the benchmark on the same day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import AwareDatetime, Field

from trading.money import ZERO, Dollars, Ratio, Record, cents
from trading.performance import Valuation, daily_returns, underwater

MOST = Decimal(10) ** 15
"""Dollars; beyond it a benchmark's prices are no prices."""


class Marked(NamedTuple):
    """A mark: dollars of equity and of cash, and all that had been paid in by then less what was taken out."""

    marked_at: datetime
    equity: Decimal
    cash: Decimal
    paid_in: Decimal


class Compared(NamedTuple):
    """A priced close: the benchmark's return since the priced close before, None where a price of it is missing."""

    closes_at: datetime
    returned: float | None


class EquityPoint(Record):
    """The desk at a mark, in dollars; `exposure` is what was in positions as a part of equity, less what was short.

    `drawdown` is the part below the peak, 0 to 1. `benchmark` is what the equity at the first mark that follows a close
    would be by now in the benchmark, what was paid in since included, as of the newest close; null before that mark,
    and where a close since the mark before has no price of it: that close's return is left out of what follows.
    """

    marked_at: AwareDatetime
    equity: Dollars
    cash: Dollars
    exposure: Ratio | None = None
    drawdown: Annotated[Ratio, Field(ge=0, le=1)] = 0.0
    benchmark: Dollars | None = None


def equity_curve(marks: Sequence[Marked], closes: Sequence[Compared], peak: Decimal = ZERO) -> tuple[EquityPoint, ...]:
    """A point a mark, both in their order; `peak` in dollars is the highest before them on the same money."""
    falls = _falls(marks, peak) if marks else []
    return tuple(
        EquityPoint(
            marked_at=mark.marked_at,
            equity=mark.equity,
            cash=mark.cash,
            exposure=float((mark.equity - mark.cash) / mark.equity) if mark.equity > 0 else None,
            drawdown=fall,
            benchmark=theirs,
        )
        for mark, fall, theirs in zip(marks, falls, _benchmark(marks, closes), strict=True)
    )


def _falls(marks: Sequence[Marked], peak: Decimal) -> list[float]:
    """How far each mark is below the highest so far, the one before them among it."""
    paid = [mark.paid_in for mark in marks]
    flows = [ZERO, *(after - before for before, after in pairwise(paid))]
    known = [Valuation(mark.marked_at, mark.equity, flow) for mark, flow in zip(marks, flows, strict=True)]
    returns = daily_returns(known)
    values = [*accumulate(returns, lambda value, one: max(value * (1 + one), 0.0), initial=1.0)]
    first = marks[0].equity
    before = max(float(peak / first), 1.0) if first > 0 else 1.0
    return [float(fall) for fall in underwater(np.array([before, *values]))[1:]]


def _benchmark(marks: Sequence[Marked], closes: Sequence[Compared]) -> Iterator[Decimal | None]:
    """What the equity at the first mark after a close has become in the benchmark, at each mark."""
    value, paid, at = None, ZERO, 0
    for mark in marks:
        since = at
        while at < len(closes) and closes[at].closes_at <= mark.marked_at:
            at += 1
        passed = closes[since:at]
        if value is None:
            value = mark.equity if passed else None
            yield value
        else:
            for one in passed:
                value *= Decimal(1 + (one.returned or 0.0))
            value = max(value + mark.paid_in - paid, ZERO)
            unknown = value > MOST or any(one.returned is None for one in passed)
            yield None if unknown else cents(value)
        paid = mark.paid_in
