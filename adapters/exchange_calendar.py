"""The exchange's own calendar, holidays and half days included, from the package `exchange-calendars`."""

from __future__ import annotations

import warnings
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trading.errors import BadConfiguration
from trading.sessions import Session

BEGINS_ON = date(1990, 1, 1)
"""Before any history that a desk is run on; earlier would only cost time."""
AHEAD = timedelta(days=731)
"""How far past `until` the calendar reaches: exchanges announce about two years of holidays."""


class _Days(NamedTuple):
    """Every session in columns, oldest first: day (datetime64[D]) and both bells (datetime64[us], UTC)."""

    on: NDArray[np.datetime64]
    opens: NDArray[np.datetime64]
    closes: NDArray[np.datetime64]


class ExchangeCalendar:
    """The sessions of one exchange, named by its market identifier (`XNYS`): from 1990 to two years past `until`.

    Built at the first question (0.3 s and the import of pandas, then microseconds). It never looks at the clock: who
    makes it says which day it is. Raises BadConfiguration for an exchange that is not known and for days that it does
    not cover.
    """

    def __init__(self, exchange: str, *, until: date) -> None:
        self.exchange = exchange
        self.ends_on = until + AHEAD

    def session(self, day: date) -> Session | None:
        """The session of a date, None on a holiday or weekend."""
        if not BEGINS_ON <= day <= self.ends_on:
            raise self._beyond(day)
        index = int(np.searchsorted(self._days.on, np.datetime64(day, "D")))
        found = index < len(self._days.on) and self._days.on[index] == np.datetime64(day, "D")
        return self._session(index) if found else None

    def last_session(self, at: datetime) -> Session:
        """The newest session that has opened at this moment; at the bell itself it has."""
        moment = at.astimezone(UTC)
        index = int(np.searchsorted(self._days.opens, np.datetime64(moment.replace(tzinfo=None), "us"), side="right"))
        if not index or moment.date() > self.ends_on:
            raise self._beyond(moment.date())
        return self._session(index - 1)

    def sessions(self, first: date, last: date) -> tuple[Session, ...]:
        """Every session from one day to another, both included."""
        for day in (first, last):
            if not BEGINS_ON <= day <= self.ends_on:
                raise self._beyond(day)
        start = int(np.searchsorted(self._days.on, np.datetime64(first, "D")))
        end = int(np.searchsorted(self._days.on, np.datetime64(last, "D"), side="right"))
        return tuple(self._session(index) for index in range(start, end))

    @property
    def _days(self) -> _Days:
        return _days_of(self.exchange, self.ends_on)

    def _session(self, index: int) -> Session:
        day: date = self._days.on[index].item()
        opens: datetime = self._days.opens[index].item()
        closes: datetime = self._days.closes[index].item()
        return Session(session_on=day, opens_at=opens.replace(tzinfo=UTC), closes_at=closes.replace(tzinfo=UTC))

    def _beyond(self, day: date) -> BadConfiguration:
        covered = f"{BEGINS_ON} to {self.ends_on}"
        return BadConfiguration(f"{day} is outside the calendar of {self.exchange}, which covers {covered}")


@lru_cache(maxsize=4)
def _days_of(exchange: str, ends_on: date) -> _Days:
    """Built once in a process, for all who ask."""
    # The package takes a second to import (pandas): only those pay who ask for a session.
    import exchange_calendars  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            # Raised by pandas 3.1 inside the package's own code; nothing here can avoid it.
            warnings.filterwarnings("ignore", message=r"Series\.values returning an ndarray")
            calendar = exchange_calendars.get_calendar(exchange, start=BEGINS_ON, end=ends_on)
    except (exchange_calendars.errors.CalendarError, ValueError) as wrong:
        reason = " ".join(str(wrong).split())
        message = f"no calendar for exchange {exchange!r} ({reason}): set SCHEDULE_CALENDAR, to XNYS say"
        raise BadConfiguration(message) from wrong
    return _Days(
        calendar.sessions.to_numpy().astype("datetime64[D]"),
        calendar.opens.dt.tz_convert(None).to_numpy().astype("datetime64[us]"),
        calendar.closes.dt.tz_convert(None).to_numpy().astype("datetime64[us]"),
    )
