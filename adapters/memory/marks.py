"""Equity at its moments: a desk's, or that of one of its strategies."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from trading.breaker_facts import EquityMark
from trading.money import ZERO


@dataclass
class Marks:
    """Marks in the order of time, each moment once."""

    _marks: list[EquityMark] = field(default_factory=list)
    _moments: list[datetime] = field(default_factory=list)

    def keep(self, mark: EquityMark) -> None:
        """Add a mark; of a moment that has one only the newest is said anew."""
        place = bisect_left(self._moments, mark.marked_at)
        if place == len(self._moments) or self._moments[place] != mark.marked_at:
            self._moments.insert(place, mark.marked_at)
            self._marks.insert(place, mark)
        elif place == len(self._moments) - 1:
            self._marks[place] = mark

    @property
    def first(self) -> EquityMark | None:
        """The oldest."""
        return self._marks[0] if self._marks else None

    def most(self, flow_count: int) -> Decimal:
        """The greatest equity since so many deposits and withdrawals."""
        return max((mark.equity for mark in self._marks if mark.flow_count == flow_count), default=ZERO)

    def of_days(self, since: datetime, zone: ZoneInfo) -> list[EquityMark]:
        """The last mark of each day after a moment, and the newest before; days begin at midnight of a zone."""
        first = bisect_right(self._moments, since)
        days: dict[date, EquityMark] = {}
        for mark in self._marks[first:]:
            days[mark.marked_at.astimezone(zone).date()] = mark
        return [*self._marks[max(first - 1, 0) : first], *days.values()]
