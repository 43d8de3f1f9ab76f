"""How a watch over one session of prices ended, and when the next may begin."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import AwareDatetime

from trading.money import Record, Text
from trading.ports import Calendar
from trading.sessions import Session

MOST_DAYS_CLOSED = 10


class WatchEnd(Record):
    """Why a watch ended. `again_at` is when there is something to watch again; never, when it `is_over`."""

    reason: Text
    again_at: AwareDatetime | None = None
    is_over: bool = False
    looks: int = 0
    fired: int = 0


def open_session(calendar: Calendar, at: datetime) -> Session | None:
    """The session that is on at a moment; None while the exchange is closed."""
    session = calendar.last_session(at)
    return session if at <= session.closes_at else None


def next_opening(calendar: Calendar, at: datetime) -> datetime | None:
    """The next opening bell after a moment; None when there is none within days."""
    days = (at.date() + timedelta(days=ahead) for ahead in range(-1, MOST_DAYS_CLOSED))
    sessions = (calendar.session(day) for day in days)
    return next((session.opens_at for session in sessions if session is not None and session.opens_at > at), None)
