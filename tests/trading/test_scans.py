"""When a scan is held: every date of two years against the exchange's own calendar, and the clocks that change."""

from __future__ import annotations

import warnings
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import exchange_calendars
import pytest

from adapters.exchange_calendar import ExchangeCalendar
from tests.rig import CALENDAR
from trading.docket import CycleOutcome
from trading.scans import (
    CATCH_UP,
    FARTHEST,
    MISSED,
    NOBODY_DUE,
    Part,
    Scan,
    ScanAsked,
    ScanLine,
    ScanReport,
    TradingHours,
    cycle_asked,
    nothing_new,
    part_skipped,
    refusal,
    report_of,
    skipped,
    trading_hours,
    unsteady,
)
from trading.steps import Skip

NEW_YORK = ZoneInfo("America/New_York")
ASKED = ScanAsked(desk_id="main", symbols=("AAPL",), zone="America/New_York")
SCANS = (time(11), time(14, 30))
FIRST, DATES = date(2025, 7, 1), 1096


def scan(due_at: datetime, late: timedelta = timedelta(0)) -> Scan:
    return Scan(asked=ASKED, due_at=due_at, at=due_at + late)


def held(day: date) -> int:
    """How many scans of a date are held."""
    due = (datetime.combine(day, at, NEW_YORK) for at in SCANS)
    return sum(refusal(scan(at), CALENDAR) is None for at in due)


def test_every_date_of_two_years_has_two_scans_on_a_full_session_one_on_a_half_day_and_else_none() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exchange = exchange_calendars.get_calendar("XNYS", start=FIRST, end=FIRST + timedelta(days=DATES))
    sessions = {at.date() for at in exchange.sessions}
    half = {at.date() for at in exchange.early_closes}
    days = [FIRST + timedelta(days=offset) for offset in range(DATES)]
    expected = {day: 0 if day not in sessions else 1 if day in half else 2 for day in days}
    assert {day: held(day) for day in days} == expected
    counted = Counter(expected.values())
    assert (len(days) >= 730, counted[0] > 300, counted[1] > 4, counted[2] > 700) == (True,) * 4


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (datetime(2026, 11, 26, 11, tzinfo=NEW_YORK), "the exchange does not trade on Thursday, 2026-11-26"),
        (datetime(2026, 11, 28, 11, tzinfo=NEW_YORK), "the exchange does not trade on Saturday, 2026-11-28"),
        (datetime(2026, 11, 27, 14, 30, tzinfo=NEW_YORK), "the exchange closed at 13:00 on 2026-11-27, before 14:30"),
        (datetime(2026, 11, 25, 9, tzinfo=NEW_YORK), "the exchange opens at 09:30 on 2026-11-25, after 09:00"),
    ],
)
def test_a_closed_exchange_is_told_in_words(due: datetime, words: str) -> None:
    skip = refusal(scan(due), CALENDAR)
    assert skip is not None
    assert (skip.code, skip.reason) == ("market_closed", words)


def test_a_scan_is_held_up_to_ten_minutes_late_and_no_later() -> None:
    due_at = datetime(2026, 11, 25, 11, tzinfo=NEW_YORK)
    assert refusal(scan(due_at, CATCH_UP), CALENDAR) is None
    missed = refusal(scan(due_at, CATCH_UP + timedelta(microseconds=1)), CALENDAR)
    assert missed is not None
    assert (missed.code, missed.reason) == (
        "missed",
        "due at 2026-11-25 11:00, which is 10 min ago: after 10 min it is not made up for",
    )
    day_later = refusal(scan(due_at, timedelta(hours=26)), CALENDAR)
    assert day_later is not None
    assert "26 h ago" in day_later.reason


def test_an_exchange_that_never_closes_is_scanned_on_every_day() -> None:
    never_closed = ExchangeCalendar("24/7", until=FIRST)
    moments = [datetime(2026, 11, 21, tzinfo=UTC) + timedelta(minutes=30 * half) for half in range(7 * 48)]
    assert {refusal(scan(at), never_closed) for at in moments} == {None}


def test_a_scan_bears_the_name_that_its_schedule_gives_it() -> None:
    due = scan(datetime(2026, 11, 23, 11, tzinfo=NEW_YORK))
    assert due.workflow_id == "scan/main-2026-11-23T16:00:00Z"
    request = cycle_asked(Part(due, "agents"), ("AAPL",))
    assert (request.trigger, request.request_id, request.trace_id) == ("scheduled", due.workflow_id, due.workflow_id)
    assert (request.as_of, request.anytime, request.strategy_id) == (None, False, "agents")


def test_a_scan_of_one_strategy_bears_its_name_and_of_several_each_has_a_name_of_its_own() -> None:
    at = datetime(2026, 11, 23, 11, tzinfo=NEW_YORK)
    of_one = Scan(asked=ASKED.model_copy(update={"strategy_id": "trend"}), due_at=at, at=at)
    assert (of_one.schedule_id, of_one.workflow_id) == ("scan-trend/main", "scan-trend/main-2026-11-23T16:00:00Z")
    asked = [cycle_asked(Part(scan(at), name, is_all=False), ("AAPL",)) for name in ("agents", "trend")]
    assert [one.request_id for one in asked] == [f"{scan(at).workflow_id}/{name}" for name in ("agents", "trend")]
    (event,) = part_skipped(Part(scan(at), "trend", is_all=False), Skip(code="no_symbols", reason="nothing passes"))
    assert (event.aggregate_id, event.data["strategy_id"]) == (asked[1].request_id, "trend")
    assert skipped(scan(at), Skip(code=NOBODY_DUE, reason="")) == ()


def test_a_scan_of_several_ends_as_the_one_that_a_person_should_hear_of_first() -> None:
    due = scan(datetime(2026, 11, 23, 11, tzinfo=NEW_YORK))

    def ended(*outcomes: CycleOutcome) -> ScanReport:
        lines = [ScanLine(strategy_id=f"s{n}", outcome=one, reason=f"why {n}") for n, one in enumerate(outcomes)]
        return report_of(due, tuple(lines))

    assert set(FARTHEST) == set(CycleOutcome)
    assert ended(CycleOutcome.SKIPPED) == ScanReport(
        scan_id=due.workflow_id, due_at=due.due_at, outcome=CycleOutcome.SKIPPED, reason="why 0"
    )
    several = ended(CycleOutcome.SKIPPED, CycleOutcome.TRADED, CycleOutcome.SKIPPED)
    assert (several.outcome, several.reason) == (CycleOutcome.TRADED, "3 strategies: 1 traded, 2 skipped")
    assert ended(CycleOutcome.TRADED, CycleOutcome.FAILED).outcome is CycleOutcome.FAILED


def test_a_scan_that_was_missed_is_told_a_person_in_the_same_words_however_late_it_is_found() -> None:
    due_at = datetime(2026, 11, 23, 11, tzinfo=NEW_YORK)
    alerts = set()
    for hours in (1, 30):
        late = scan(due_at, timedelta(hours=hours))
        skip = refusal(late, CALENDAR)
        assert skip is not None
        assert skip.code == MISSED
        ended, alert = skipped(late, skip)
        assert ended.aggregate_id == late.workflow_id
        alerts.add(alert.model_dump_json())
    assert len(alerts) == 1


DAY = timedelta(days=1)
CLOSE = datetime(2026, 11, 24, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("latest", "looked_at", "code"),
    [
        (CLOSE - 3000 * DAY, None, None),  # a desk that never looked does so once
        (CLOSE, CLOSE, "nothing_new"),
        (CLOSE, CLOSE + DAY, "nothing_new"),
        (CLOSE, CLOSE - DAY, None),  # the files grew overnight
        (CLOSE - DAY, CLOSE - 9 * DAY, "nothing_new"),  # somebody walks through the past
    ],
)
def test_a_past_is_looked_at_once_and_walked_through_by_nobody_but_a_person(
    latest: datetime, looked_at: datetime | None, code: str | None
) -> None:
    skip = nothing_new(latest, looked_at, CLOSE)
    assert (skip and skip.code) == code


@pytest.mark.parametrize(
    ("at", "zone", "words"),
    [
        (time(2, 30), "America/New_York", "02:30 does not exist on 2027-03-14 in America/New_York"),
        (time(2, 0), "America/New_York", "02:00 does not exist on 2027-03-14"),
        (time(1, 30), "America/New_York", "01:30 comes twice on 2027-11-07"),
        (time(1, 0), "America/New_York", "01:00 comes twice on 2027-11-07"),
        (time(2, 30), "Europe/Berlin", "02:30 does not exist on 2027-03-28"),
        (time(2, 15), "Australia/Lord_Howe", "02:15 does not exist on 2027-10-03"),  # clocks change by half an hour
        (time(0, 30), "America/New_York", None),
        (time(3, 0), "America/New_York", None),
        (time(11, 0), "America/New_York", None),
        (time(14, 30), "America/New_York", None),
        (time(2, 30), "Asia/Hong_Kong", None),
        (time(2, 30), "UTC", None),
    ],
)
def test_a_time_that_daylight_saving_skips_or_doubles_is_found(at: time, zone: str, words: str | None) -> None:
    found = unsteady(at, ZoneInfo(zone), date(2026, 11, 26))
    assert (found or "").startswith(words or "")
    assert (found is None) is (words is None)


@pytest.mark.parametrize(
    ("exchange", "zone", "hours"),
    [
        ("XNYS", "America/New_York", TradingHours((1, 2, 3, 4, 5), 9, 16)),
        ("XNYS", "Europe/Berlin", TradingHours((1, 2, 3, 4, 5), 14, 22)),
        ("XLON", "Europe/London", TradingHours((1, 2, 3, 4, 5), 8, 16)),
        ("24/7", "America/New_York", TradingHours((1, 2, 3, 4, 5, 6, 7), 0, 23)),
    ],
)
def test_an_exchange_trades_on_its_days_and_in_its_hours(exchange: str, zone: str, hours: TradingHours) -> None:
    calendar = ExchangeCalendar(exchange, until=FIRST)
    assert trading_hours(calendar.sessions(FIRST, FIRST + timedelta(days=365)), ZoneInfo(zone)) == hours
