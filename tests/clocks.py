"""Timetables of a desk under test: the default one of a weekday exchange, and one that never closes."""

from __future__ import annotations

from console.timetable import TABLE, Entry, Timetable
from settings import ScheduleSettings
from tests.rig import SYMBOLS
from trading.scans import ScanAsked, TradingHours

ASKED = ScanAsked(desk_id="main", symbols=SYMBOLS[:2], zone="America/New_York")
WEEKDAYS = Timetable(
    desk_id="main", scan=ASKED, clock=ScheduleSettings(), hours=TradingHours(days=(1, 2, 3, 4, 5), first=9, last=16)
)
ALWAYS = Timetable(
    desk_id="main",
    scan=ASKED,
    clock=ScheduleSettings(),
    hours=TradingHours(days=(1, 2, 3, 4, 5, 6, 7), first=0, last=23),
)


def entry(name: str) -> Entry:
    """A line of the table by its name."""
    (found,) = [one for one in TABLE if one.name == name]
    return found
