"""Where closes and reports are kept, as Protocols. Adapters keep them; activities know nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from trading.closing import DailyClose, Known
from trading.closing_books import History, Past
from trading.events import Event
from trading.weeks import WeekFacts, WeeklyReport


class Closes(Protocol):
    """What was closed and reported of the desks: each session and each week once."""

    async def known(self, desk_id: str) -> Known | None:
        """Since when the desk has books, and its newest close; None when it has no books."""
        ...

    async def find(self, desk_id: str, session_on: date) -> DailyClose | None:
        """The close of one session."""
        ...

    async def history(self, desk_id: str, until: datetime) -> History:
        """What a close is made of, read at one instant; of what is only counted, what was until then."""
        ...

    async def past(self, desk_id: str) -> Past:
        """The closes so far."""
        ...

    async def keep(self, close: DailyClose, told: Sequence[Event]) -> DailyClose:
        """Keep a close with its equity mark, the peak and what is told of it; one that was kept before stays.

        What is held is valued by the newest session's close, unless a later quote has already.
        """
        ...


class Weeks(Protocol):
    """The reports of the weeks, each written once."""

    async def find(self, desk_id: str, monday: date) -> WeeklyReport | None:
        """The report of one week."""
        ...

    async def facts(self, desk_id: str, monday: date) -> WeekFacts:
        """What the books hold of a week."""
        ...

    async def keep(self, report: WeeklyReport, told: Sequence[Event]) -> WeeklyReport:
        """Keep a report with what is told of it; one that was kept before stays."""
        ...
