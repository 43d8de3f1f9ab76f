"""What an agent is told of a company beside its prices: present only where the provider has it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from trading.agents.envelope import plain
from trading.agents.facts import Number
from trading.fundamentals import FIGURES
from trading.market import SymbolFacts
from trading.money import Record

_SOURCE_LENGTH = 40
Known = Annotated[Number | None, Field(exclude_if=lambda value: value is None)]
"""A number that is left out where nobody knows it."""
Whole = Annotated[int | None, Field(exclude_if=lambda value: value is None)]


class Worth(Record):
    """A company's numbers: dollars, multiples, fractions; who told them, and how many hours ago."""

    market_cap: Annotated[float | None, Field(exclude_if=lambda value: value is None, allow_inf_nan=False)] = None
    trailing_pe: Known = None
    forward_pe: Known = None
    price_to_book: Known = None
    dividend_yield: Known = None
    profit_margin: Known = None
    revenue_growth: Known = None
    beta: Known = None
    short_of_float: Known = None
    source: str
    age_hours: Number

    @classmethod
    def of(cls, facts: SymbolFacts, as_of: datetime) -> Worth | None:
        """Those of one symbol; None where there are none."""
        told = facts.fundamentals
        if told is None:
            return None
        age = max((as_of - told.known_at).total_seconds(), 0) / 3600
        figures = {name: getattr(told, name) for name in FIGURES}
        return cls(**figures, source=plain(told.source, _SOURCE_LENGTH), age_hours=round(age, 1))


class Reports(Record):
    """How many calendar days it is to the next report and since the last, as far as they are known."""

    days_to_next: Whole = None
    days_since_last: Whole = None
    source: str

    @classmethod
    def of(cls, facts: SymbolFacts, as_of: datetime) -> Reports | None:
        """Those of one symbol; None where there are none."""
        told, day = facts.earnings_on, as_of.date()
        if told is None:
            return None
        return cls(
            days_to_next=None if told.next_on is None else (told.next_on - day).days,
            days_since_last=None if told.last_on is None else (day - told.last_on).days,
            source=plain(told.source, _SOURCE_LENGTH),
        )
