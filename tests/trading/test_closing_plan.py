"""Which sessions are due, and what the price of one is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from adapters.exchange_calendar import ExchangeCalendar
from tests.making import quote
from tests.trading.closing import bell, due, history, traded
from trading.adjustments import Adjustment, AdjustmentKind
from trading.bars import Bars
from trading.closing import Known, Missing
from trading.closing_plan import (
    MOST_SESSIONS,
    benchmark_return,
    closing_price,
    in_shares_then,
    no_session,
    plan,
    sessions_of,
    unbooked_split,
    week_over,
)
from trading.corporate_actions import ActionKind, CorporateAction, effective_at
from trading.market import Dropped

CALENDAR = ExchangeCalendar("XNYS", until=date(2026, 12, 1))
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ZONE = "America/New_York"
WEDNESDAY, HOLIDAY, HALF_DAY = date(2026, 11, 25), date(2026, 11, 26), date(2026, 11, 27)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A moment by UTC: in winter the exchange closes at 21:00, on half days at 18:00."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def days_due(closed_on: date | None, present: datetime) -> list[date]:
    found = plan(CALENDAR, Known(LONG_AGO, closed_on), present, None)
    assert bool(found.due) != bool(found.reason)
    return [one.session.session_on for one in found.due]


@pytest.mark.parametrize(
    ("closed_on", "present", "due_on"),
    [
        (WEDNESDAY - timedelta(days=1), at(WEDNESDAY, 21), [WEDNESDAY]),
        (WEDNESDAY - timedelta(days=1), at(WEDNESDAY, 20, 59), []),
        (WEDNESDAY, at(HOLIDAY, 21, 20), []),
        (WEDNESDAY - timedelta(days=1), at(HOLIDAY, 21, 20), [WEDNESDAY]),
        (WEDNESDAY, at(HALF_DAY, 17, 59), []),
        (WEDNESDAY, at(HALF_DAY, 18), [HALF_DAY]),
        (HALF_DAY, at(date(2026, 11, 29), 12), []),
        (date(2026, 11, 23), at(date(2026, 11, 30), 22), [date(2026, 11, day) for day in (24, 25, 27, 30)]),
    ],
)
def test_what_has_ended_and_is_not_closed_is_due(closed_on: date, present: datetime, due_on: list[date]) -> None:
    assert days_due(closed_on, present) == due_on


def test_no_more_than_thirty_sessions_are_made_up_the_newest_of_them() -> None:
    found = plan(CALENDAR, Known(LONG_AGO, date(2026, 6, 1)), at(WEDNESDAY, 22), None)
    assert (len(found.due), found.due[-1].session.session_on) == (MOST_SESSIONS, WEDNESDAY)
    assert found.left_out == len(CALENDAR.sessions(date(2026, 6, 2), WEDNESDAY)) - MOST_SESSIONS


def test_a_desk_is_closed_from_its_first_session_on() -> None:
    opened_at = at(WEDNESDAY, 15)
    assert [one.session.session_on for one in plan(CALENDAR, Known(opened_at), at(HALF_DAY, 19), None).due] == [
        WEDNESDAY,
        HALF_DAY,
    ]
    evening = plan(CALENDAR, Known(at(WEDNESDAY, 23)), at(HOLIDAY, 12), None)
    assert evening.due == ()
    assert evening.reason == f"the desk has opened after {WEDNESDAY}, the newest session that has ended"


def test_where_prices_are_of_the_past_alone_now_belongs_to_their_newest_session_and_nothing_is_counted_twice() -> None:
    now = at(date(2026, 12, 1), 9)
    found = plan(CALENDAR, Known(LONG_AGO, date(2017, 11, 8), now - timedelta(days=1)), at(date(2017, 11, 10), 21), now)
    assert [one.until_at for one in found.due] == [now - timedelta(days=1), now]


def test_a_holiday_is_named() -> None:
    assert no_session(CALENDAR, at(HOLIDAY, 21), ZONE) == f"{HOLIDAY} is no session of the exchange"
    assert not no_session(CALENDAR, at(WEDNESDAY, 21), ZONE)


@pytest.mark.parametrize(
    ("present", "monday"),
    [
        (at(WEDNESDAY, 22), date(2026, 11, 16)),
        (at(HALF_DAY, 17), date(2026, 11, 16)),
        (at(HALF_DAY, 18), date(2026, 11, 23)),
        (at(date(2026, 11, 30), 22), date(2026, 11, 23)),
        (at(date(2026, 7, 2), 21), date(2026, 6, 29)),  # Friday the third is kept for the fourth
    ],
)
def test_a_week_is_over_with_its_last_session(present: datetime, monday: date) -> None:
    assert week_over(CALENDAR, present) == monday
    assert len(sessions_of(CALENDAR, date(2026, 11, 23))) == 4


SESSION = due(2).session


def bars(*closes: float, last_on: date = SESSION.session_on) -> Bars:
    days = np.array([last_on - timedelta(days=number) for number in range(len(closes))][::-1], dtype="datetime64[D]")
    prices = np.array(closes)
    return Bars(days, prices, prices, prices, prices, np.ones(len(closes)))


def test_the_price_is_the_close_of_the_sessions_bar() -> None:
    assert closing_price("AAPL", SESSION, bars(99, 101.23456), quote("AAPL", "7")) == Decimal("101.2346")


@pytest.mark.parametrize(
    "known", [None, bars(99, last_on=bell(1).date()), Dropped(symbol="AAPL", code="x", reason="why")]
)
def test_without_it_the_last_trade_quoted_in_the_session_is(known: Bars | Dropped | None) -> None:
    fresh = quote("AAPL", "7", quoted_at=SESSION.closes_at)
    assert closing_price("AAPL", SESSION, known, fresh) == 7


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (None, "the market has no price of that session"),
        (bars(99, last_on=bell(1).date()), f"its newest bar is of {bell(1).date()}"),
        (Dropped(symbol="AAPL", code="x", reason="why"), "why"),
        (bars(99, float("nan")), "a price or volume of a bar is not a finite number"),
    ],
)
def test_an_older_price_is_none(known: Bars | Dropped | None, reason: str) -> None:
    stale = quote("AAPL", "7", quoted_at=SESSION.opens_at - timedelta(seconds=1))
    later = quote("AAPL", "7", quoted_at=SESSION.closes_at + timedelta(seconds=1))
    for told in (stale, later, None):
        assert closing_price("AAPL", SESSION, known, told) == Missing(symbol="AAPL", reason=reason)


def split(ex_on: date, ratio: str = "4") -> CorporateAction:
    return CorporateAction(symbol="AAPL", kind=ActionKind.SPLIT, ex_on=ex_on, ratio=Decimal(ratio))


def booked(ex_on: date, ratio: str = "4") -> Adjustment:
    return Adjustment(
        adjustment_id=f"split-{ex_on}",
        desk_id="paper",
        symbol="AAPL",
        kind=AdjustmentKind.SPLIT,
        ratio=Decimal(ratio),
        effective_at=effective_at(ex_on),
        evidence="a list",
    )


def test_a_price_goes_back_through_the_splits_since_each_once_booked_or_listed() -> None:
    """What is held is in the shares of that day, a split-adjusted bar in those of today."""
    after, before = bell(4).date(), bell(1).date()
    price = Decimal("25.25")
    for known in (([booked(after)], []), ([], [split(after)]), ([booked(after)], [split(after + timedelta(days=2))])):
        assert in_shares_then(price, "AAPL", SESSION, known) == Decimal("101.00")
    assert in_shares_then(price, "AAPL", SESSION, ([booked(before)], [split(before)])) == price
    assert in_shares_then(price, "MSFT", SESSION, ([booked(after)], [])) == price


def test_shares_from_before_a_split_that_the_broker_has_not_booked_cannot_be_valued() -> None:
    ex_on = bell(1).date()
    bought_before, bought_after = history([traded(0, 0, "10", "100")]), history([traded(0, 1, "10", "25")])
    found = unbooked_split("AAPL", SESSION, bought_before, [split(ex_on)])
    assert found is not None
    assert found.reason.startswith("the split of 4 for 1 of ")
    assert unbooked_split("AAPL", SESSION, bought_after, [split(ex_on)]) is None
    assert unbooked_split("AAPL", SESSION, bought_before, [split(bell(3).date())]) is None
    known = bought_before._replace(adjustments=[booked(ex_on)])
    assert unbooked_split("AAPL", SESSION, known, [split(ex_on)]) is None


def test_the_benchmark_goes_from_the_close_before_to_this_one() -> None:
    known = bars(80, 90, 100, 110)
    assert benchmark_return(known, SESSION, None) == pytest.approx(0.1)
    assert benchmark_return(known, SESSION, SESSION.session_on - timedelta(days=3)) == pytest.approx(110 / 80 - 1)
    for other in (SESSION.session_on - timedelta(days=9), None):
        short = known if other else bars(110)
        assert benchmark_return(short, SESSION, other) is None
    assert benchmark_return(bars(80, last_on=bell(1).date()), SESSION, None) is None
