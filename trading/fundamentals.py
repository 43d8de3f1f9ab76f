"""What a provider tells of a company beside its prices: what it is worth and earns, and when it reports.

None of it has a history here: a provider tells what is so today. So it is told only where today is what is asked about.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import AwareDatetime, Field

from trading.money import Record, Text

NOW_WITHIN = timedelta(minutes=10)
"""How long after the moment that a cycle reasons about a fact may have been told: as long as a look may take."""
MOST_AGE = timedelta(days=1)
"""Then a provider is asked anew."""
MOST_DAYS = 40
"""Days of reports that are kept of one company: ten years of quarters."""

_Dollars = Annotated[float, Field(gt=0, le=1e14, allow_inf_nan=False)]
_Multiple = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
_Part = Annotated[float, Field(ge=-1e3, le=1e3, allow_inf_nan=False)]


class Fundamentals(Record):
    """A company's numbers, each None where the provider has none.

    `market_cap` in dollars; multiples as they are; yield, margin, growth and `short_of_float` are fractions (0.05 is
    5 %).
    """

    market_cap: _Dollars | None = None
    trailing_pe: _Multiple | None = None
    forward_pe: _Multiple | None = None
    price_to_book: _Multiple | None = None
    dividend_yield: _Part | None = None
    profit_margin: _Part | None = None
    revenue_growth: _Part | None = None
    beta: _Multiple | None = None
    short_of_float: _Part | None = None
    source: Text
    known_at: AwareDatetime

    @property
    def is_empty(self) -> bool:
        """Whether the provider has no number at all, as of a fund."""
        return all(getattr(self, name) is None for name in FIGURES)


FIGURES = tuple(name for name in Fundamentals.model_fields if name not in {"source", "known_at"})
"""The names of the numbers."""


class ReportDays(Record):
    """The days on which a company has reported or will, oldest first; who told them and when."""

    days: Annotated[tuple[date, ...], Field(max_length=MOST_DAYS)]
    source: Text
    known_at: AwareDatetime


class EarningsOn(Record):
    """The report that comes next and the one that was last, seen from one day; None where it is not known."""

    next_on: date | None = None
    last_on: date | None = None
    source: Text
    known_at: AwareDatetime


def is_known(known_at: datetime, as_of: datetime) -> bool:
    """Whether a fact may be told to who reasons about a moment: what was told later would be the future."""
    return known_at - as_of <= NOW_WITHIN


def fundamentals_at(told: Fundamentals | None, as_of: datetime) -> Fundamentals | None:
    """The numbers, if there are any and they were known."""
    return None if told is None or told.is_empty or not is_known(told.known_at, as_of) else told


def earnings_at(told: ReportDays | None, as_of: datetime) -> EarningsOn | None:
    """The nearest reports on both sides of a moment's day, if any is known; on the day itself it is to come."""
    if told is None or not told.days or not is_known(told.known_at, as_of):
        return None
    day = as_of.date()
    return EarningsOn(
        next_on=min((one for one in told.days if one >= day), default=None),
        last_on=max((one for one in told.days if one < day), default=None),
        source=told.source,
        known_at=told.known_at,
    )


def report_days(days: Sequence[date], source: str, known_at: datetime) -> ReportDays:
    """Days in order and each once, the newest where there are too many."""
    return ReportDays(days=tuple(sorted(set(days)))[-MOST_DAYS:], source=source, known_at=known_at)
