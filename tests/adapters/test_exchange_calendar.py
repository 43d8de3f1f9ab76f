"""The real calendar of the New York Stock Exchange, at the days where calendars go wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from adapters.exchange_calendar import ExchangeCalendar
from trading.errors import BadConfiguration

UNTIL = date(2026, 11, 22)


@pytest.fixture(scope="module")
def calendar() -> ExchangeCalendar:
    return ExchangeCalendar("XNYS", until=UNTIL)


def bells(calendar: ExchangeCalendar, day: date) -> tuple[str, str] | None:
    session = calendar.session(day)
    return None if session is None else (f"{session.opens_at:%H:%M}", f"{session.closes_at:%H:%M}")


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 25), ("14:30", "21:00")),
        (date(2026, 11, 26), None),  # Thanksgiving
        (date(2026, 11, 27), ("14:30", "18:00")),  # the half day after it
        (date(2026, 12, 24), ("14:30", "18:00")),
        (date(2026, 12, 25), None),
        (date(2026, 11, 28), None),  # a Saturday
        (date(2026, 10, 30), ("13:30", "20:00")),  # summer time
        (date(2026, 11, 2), ("14:30", "21:00")),  # the Monday after its end
        (date(2027, 6, 18), None),
        (date(2001, 9, 11), None),  # never opened
        (date(2012, 10, 29), None),  # the hurricane
        (date(1998, 1, 2), ("14:30", "21:00")),
    ],
)
def test_bells_ring_when_the_exchange_says(
    calendar: ExchangeCalendar, day: date, expected: tuple[str, str] | None
) -> None:
    assert bells(calendar, day) == expected


def test_the_last_session_is_the_one_whose_opening_bell_has_rung(calendar: ExchangeCalendar) -> None:
    opens_at = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
    assert calendar.last_session(opens_at).session_on == date(2026, 11, 23)
    assert calendar.last_session(opens_at - timedelta(microseconds=1)).session_on == date(2026, 11, 20)
    assert calendar.last_session(datetime(2026, 11, 22, 3, tzinfo=UTC)).session_on == date(2026, 11, 20)


def test_the_last_session_of_every_day_is_the_newest_that_session_finds(calendar: ExchangeCalendar) -> None:
    expected = calendar.session(date(2009, 12, 31))
    for offset in range(730):
        day = date(2010, 1, 1) + timedelta(days=offset)
        expected = calendar.session(day) or expected
        assert calendar.last_session(datetime(day.year, day.month, day.day, 23, 59, tzinfo=UTC)) == expected


def test_sessions_between_two_days_include_both(calendar: ExchangeCalendar) -> None:
    found = calendar.sessions(date(2026, 11, 25), date(2026, 11, 27))
    assert [session.session_on.day for session in found] == [25, 27]
    assert calendar.sessions(date(2026, 11, 28), date(2026, 11, 29)) == ()
    assert len(calendar.sessions(date(2007, 1, 3), date(2017, 11, 10))) == 2736


@pytest.mark.parametrize("day", [date(1989, 12, 29), UNTIL + timedelta(days=732)])
def test_a_day_that_the_calendar_does_not_cover_is_no_holiday(calendar: ExchangeCalendar, day: date) -> None:
    at = datetime(day.year, day.month, day.day, 20, tzinfo=UTC)
    for ask in (
        lambda: calendar.session(day),
        lambda: calendar.last_session(at),
        lambda: calendar.sessions(day, day),
    ):
        with pytest.raises(BadConfiguration, match=r"covers 1990-01-01 to 2028-11-22"):
            ask()


def test_two_years_past_the_day_it_was_made_for_are_known(calendar: ExchangeCalendar) -> None:
    assert calendar.session(UNTIL + timedelta(days=730)) is not None


def test_an_unknown_exchange_is_one_line_that_names_it() -> None:
    with pytest.raises(BadConfiguration, match="'NOWHERE'") as refused:
        ExchangeCalendar("NOWHERE", until=UNTIL).session(UNTIL)
    assert "\n" not in str(refused.value)
