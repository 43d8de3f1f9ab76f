"""Closing sessions on a real database: once each, with their marks, and made up as in time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import ActivityEnvironment

from adapters.postgres.breaker import read_facts
from adapters.postgres.closes import PostgresCloses
from adapters.postgres.engine import application_engine, transaction
from adapters.postgres.weeks import PostgresWeeks
from embedded.postgres import PostgresServer
from tests.activities.closing import (
    ASKED,
    CALENDAR,
    CLOSES,
    DESK,
    FRIDAY,
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    a_desk,
    close_all,
    closing,
    evening,
    market,
    pay,
    reporting,
    rows,
    trade,
)
from tests.adapters.postgres.desk import buy, sell
from tests.adapters.postgres.desk import quote as quotes
from tests.conftest import fresh_database
from trading.adjustments import Adjustment as PositionAdjustment
from trading.adjustments import AdjustmentKind, position_adjusted
from trading.audit import audit
from trading.breaker import StateChange, TradingState
from trading.breaker_rules import BreakerLook, BreakerRules
from trading.closing import CloseAsked, DailyClose, Known
from trading.closing_plan import plan
from trading.corporate_actions import ActionKind, CorporateAction, effective_at
from trading.errors import BadConfiguration
from trading.market import Adjustment
from trading.weeks import ReportAsked, WeekAsked

D = Decimal
# 10,001 dollars for the shares with their commission; 4,120 less one for those that were sold.
EQUITY = {FRIDAY: "100099.00", MONDAY: "100299.00", TUESDAY: "100238.00", WEDNESDAY: "100358.00"}


async def kept(engine: AsyncEngine, day: date) -> DailyClose:
    close = await PostgresCloses(engine).find(DESK, day)
    assert close is not None
    return close


@pytest.fixture
async def other_engine(postgres: PostgresServer) -> AsyncIterator[AsyncEngine]:
    """A second database, for the same life once more."""
    engine = application_engine(await fresh_database(postgres))
    yield engine
    await engine.dispose()


async def test_days_closed_in_time_and_made_up_later_are_the_same_to_the_cent(
    engine: AsyncEngine, other_engine: AsyncEngine
) -> None:
    days = (FRIDAY, MONDAY, TUESDAY)
    closes: list[list[DailyClose]] = []
    for database, evenings in ((engine, days), (other_engine, days[-1:])):
        ledger = await a_desk(database)
        await pay(ledger, "5000.00", TUESDAY)
        before = audit(await ledger.books(DESK))
        for day in evenings:
            await close_all(closing(database, market(day)))
        assert audit(await ledger.books(DESK)) == before
        closes.append([await kept(database, day) for day in days])
    in_time, made_up = closes
    assert [one.model_copy(update={"made_up": False}) for one in made_up] == in_time
    assert [one.made_up for one in made_up] == [True, True, False]
    assert [f"{one.equity}" for one in in_time[:2]] == [EQUITY[FRIDAY], EQUITY[MONDAY]]
    assert in_time[2].equity == D(EQUITY[TUESDAY]) + 5000
    marks = [
        await rows(one, "SELECT marked_at, equity, cash, flow_count FROM equity_marks")
        for one in (engine, other_engine)
    ]
    assert sorted(marks[0]) == sorted(marks[1])
    assert [mark[3] for mark in sorted(marks[0])] == [0, 0, 1]


async def test_a_close_is_kept_once_with_its_event_and_one_digest(engine: AsyncEngine) -> None:
    await a_desk(engine)
    activities = closing(engine, market(MONDAY))
    for _ in range(2):
        await close_all(activities)
    environment = ActivityEnvironment()
    due = plan(CALENDAR, Known(evening(FRIDAY), FRIDAY), evening(MONDAY), None).due
    asked = CloseAsked(desk_id=DESK, trace_id="another", due=due[0], made_up=())
    again = await environment.run(closing(engine, market(MONDAY, {})).close_session, asked)
    assert again == (await kept(engine, MONDAY)).outcome
    told = await rows(
        engine, "SELECT event_id FROM events WHERE type IN ('DayClosed', 'AlertRaised') ORDER BY sequence"
    )
    assert told == [
        (f"{DESK}/DayClosed/{FRIDAY}",),
        (f"{DESK}/DayClosed/{MONDAY}",),
        (f"{DESK}/AlertRaised/day-{MONDAY}",),
    ]
    ((words, topic, severity),) = await rows(
        engine, "SELECT data->>'reason', data->>'topic', data->>'severity' FROM events WHERE type = 'AlertRaised'"
    )
    assert (topic, severity) == ("daily_summary", "info")
    assert f"made up: {FRIDAY}" in str(words)


async def test_what_is_held_is_marked_and_a_later_mark_stays(engine: AsyncEngine) -> None:
    ledger = await a_desk(engine)
    await ledger.mark(DESK, quotes("AAPL", "110"), evening(TUESDAY))
    await close_all(closing(engine, market(TUESDAY)))
    held = await ledger.portfolio(DESK)
    assert (held.positions[0].mark, held.marked_at) == (D(110), evening(TUESDAY))
    assert held.peak_equity == held.equity == D(EQUITY[TUESDAY]) + 60 * 8
    await close_all(closing(engine, market(WEDNESDAY)))
    held = await ledger.portfolio(DESK)
    assert f"{held.equity}" == EQUITY[WEDNESDAY]
    assert held.peak_equity > held.equity


async def test_the_peak_is_that_of_the_closes_also_of_those_that_are_made_up(engine: AsyncEngine) -> None:
    """Monday was the best day. Had the 90 shares more of Tuesday been there already, it would have been far better."""
    ledger = await a_desk(engine)
    more = buy(client_order_id="more", cycle_id="paper/cycle-3", quantity="90")
    await trade(ledger, more, "90", "100", TUESDAY)
    dear = {"AAPL": {FRIDAY: 101.0, MONDAY: 150.0, TUESDAY: 100.0}}
    await close_all(closing(engine, market(TUESDAY, dear)))
    monday = await kept(engine, MONDAY)
    assert (await ledger.portfolio(DESK)).peak_equity == monday.equity == D("104999.00")


async def test_the_marks_of_the_breaker_are_the_closes(engine: AsyncEngine) -> None:
    """A mark after the bell, at prices of nobody's session, is not the day's last word."""
    ledger = await a_desk(engine)
    for day in (FRIDAY, MONDAY):
        await close_all(closing(engine, market(day)))
        await ledger.mark(DESK, quotes("AAPL", "50"), evening(day))
    look = BreakerLook(desk_id=DESK, at=evening(MONDAY), rules=BreakerRules(), zone="America/New_York")
    async with transaction(engine) as connection:
        facts = await read_facts(connection, await ledger.breaker(DESK), look)
    assert f"{facts.day_base}" == f"{facts.week_base}" == EQUITY[FRIDAY]


async def test_without_a_price_nothing_is_kept_until_it_is_closed_anyhow(engine: AsyncEngine) -> None:
    ledger = await a_desk(engine)
    empty = market(FRIDAY, {"AAPL": {}})
    activities, environment = closing(engine, empty), ActivityEnvironment()
    (due,) = (await environment.run(activities.plan_closes, ASKED)).due
    asked = CloseAsked(desk_id=DESK, trace_id="trace-1", due=due, made_up=(), anyhow=False)
    early = await environment.run(activities.close_session, asked)
    assert (early.done, [one.symbol for one in early.missing]) == (False, ["AAPL"])
    assert await rows(engine, "SELECT 1 FROM daily_closes") == []
    late = await environment.run(activities.close_session, asked.model_copy(update={"anyhow": True}))
    assert (late.done, late.equity) == (True, None)
    assert await rows(engine, "SELECT 1 FROM equity_marks") == []
    await close_all(closing(engine, market(MONDAY)))
    bridged = await kept(engine, MONDAY)
    assert (bridged.base_on, f"{bridged.equity}") == (None, EQUITY[MONDAY])
    assert (await ledger.portfolio(DESK)).positions[0].mark == D(103)


async def test_a_price_quoted_in_the_session_will_do(engine: AsyncEngine) -> None:
    await a_desk(engine)
    seen = market(FRIDAY, {"AAPL": {}})
    seen.quote("AAPL", "101.00", "101.02", evening(FRIDAY) - timedelta(minutes=20))
    (closed,) = await close_all(closing(engine, seen))
    assert f"{closed.equity}" == EQUITY[FRIDAY]


@pytest.mark.faults
async def test_a_split_after_a_missed_day_leaves_its_equity_as_it_was(engine: AsyncEngine) -> None:
    """Monday is closed on Tuesday, when 100 shares have become 400 and every bar is of new shares."""
    ledger = await a_desk(engine)
    split = PositionAdjustment(
        adjustment_id="split",
        desk_id=DESK,
        symbol="AAPL",
        kind=AdjustmentKind.SPLIT,
        ratio=D(4),
        effective_at=effective_at(TUESDAY),
        evidence="a list",
    )
    await ledger.adjust(split, position_adjusted(split, "trace-1"))
    restated = {"AAPL": {day: close / 4 for day, close in CLOSES["AAPL"].items()}}
    await close_all(closing(engine, market(MONDAY, restated)))
    assert [f"{(await kept(engine, day)).equity}" for day in (FRIDAY, MONDAY)] == [EQUITY[FRIDAY], EQUITY[MONDAY]]
    (held,) = (await ledger.portfolio(DESK)).positions
    assert (held.quantity, held.mark) == (D(360), D("25.75"))


async def test_a_listed_split_that_the_broker_has_not_booked_leaves_the_equity_open(engine: AsyncEngine) -> None:
    await a_desk(engine)
    seen = market(MONDAY, {"AAPL": {FRIDAY: 101.0 / 4, MONDAY: 103.0 / 4}})
    seen.adjustment = Adjustment.SPLIT
    seen.listed.append(CorporateAction(symbol="AAPL", kind=ActionKind.SPLIT, ex_on=MONDAY, ratio=D(4)))
    friday, monday = await close_all(closing(engine, seen))
    assert f"{friday.equity}" == EQUITY[FRIDAY]
    assert monday.equity is None
    assert "the broker has not booked it" in monday.missing[0].reason


@pytest.mark.faults
async def test_the_benchmark_is_held_against_the_desk_or_named_as_absent(engine: AsyncEngine) -> None:
    await a_desk(engine)
    await close_all(closing(engine, market(FRIDAY)))
    first = await kept(engine, FRIDAY)
    assert first.benchmark.day_return == pytest.approx(0.01)
    await close_all(closing(engine, market(MONDAY, {"AAPL": CLOSES["AAPL"]})))
    absent = (await kept(engine, MONDAY)).benchmark
    assert (absent.symbol, absent.day_return, absent.reason) == ("none", None, "fake has no bars of SPY")
    await close_all(closing(engine, market(TUESDAY), benchmark="none"))
    assert (await kept(engine, TUESDAY)).benchmark.reason == ""


async def test_there_is_nothing_to_do_twice_on_holidays_and_for_nobody(engine: AsyncEngine) -> None:
    environment = ActivityEnvironment()
    assert (await environment.run(closing(engine, market(FRIDAY)).plan_closes, ASKED)).reason == (
        f"the books know no desk {DESK}"
    )
    await a_desk(engine)
    await close_all(closing(engine, market(FRIDAY)))
    seen = market(FRIDAY)
    seen.present = evening(date(2024, 3, 3))
    planned = await environment.run(closing(engine, seen).plan_closes, ASKED)
    assert planned.due == ()
    assert planned.reason == (
        "2024-03-01, the newest session that has ended, is closed already; 2024-03-03 is no session of the exchange"
    )
    assert seen.asked == []


async def test_prices_of_the_past_alone_say_so(engine: AsyncEngine) -> None:
    """The desk lives today and its prices end in 2024: what was paid in until now counts."""
    ledger = await a_desk(engine)
    await pay(ledger, "5000.00", WEDNESDAY)
    seen = market(TUESDAY)
    seen.historical = True
    await close_all(closing(engine, seen))
    close = await kept(engine, TUESDAY)
    assert close.note == "fake has prices of the past alone, the newest of 2024-03-05"
    assert (close.flow_count, close.equity) == (1, D(EQUITY[TUESDAY]) + 5000)
    planned = await ActivityEnvironment().run(closing(engine, seen).plan_closes, ASKED)
    assert planned.may_come is False
    assert planned.reason.endswith(close.note)


async def test_a_week_is_reported_once_with_all_that_happened(engine: AsyncEngine) -> None:
    await a_desk(engine)
    await close_all(closing(engine, market(FRIDAY)))
    environment, activities = ActivityEnvironment(), reporting(engine, market(FRIDAY))
    asked = WeekAsked(desk_id=DESK, trace_id="trace-1")
    planned = await environment.run(activities.plan_week, asked)
    assert planned.monday == date(2024, 2, 26)
    report = ReportAsked(desk_id=DESK, trace_id="trace-1", monday=date(2024, 2, 26))
    ended = [await environment.run(activities.report_week, report) for _ in range(2)]
    assert [(one.monday, one.pnl) for one in ended] == [(date(2024, 2, 26), D("99.00"))] * 2
    assert (await environment.run(activities.plan_week, asked)).reason == (
        "the week from 2024-02-26, the newest that is over, is reported already"
    )
    stored = await PostgresWeeks(engine).find(DESK, date(2024, 2, 26))
    assert stored is not None
    assert (stored.sessions, stored.unclosed, stored.benchmark) == (1, (), "SPY")
    told = await rows(engine, "SELECT type, data->>'topic' FROM events ORDER BY sequence DESC LIMIT 2")
    assert told == [("AlertRaised", "weekly_report"), ("WeekReported", None)]
    none = report.model_copy(update={"monday": date(2024, 2, 19)})
    assert (
        await environment.run(activities.report_week, none)
    ).reason == "no session of the week from 2024-02-19 was closed"


async def test_the_week_counts_what_came_after_the_close_before_it(engine: AsyncEngine) -> None:
    ledger = await a_desk(engine)
    await close_all(closing(engine, market(FRIDAY)))
    change = StateChange(
        desk_id=DESK,
        change_id="one",
        state=TradingState.REDUCING,
        changed_by="operator",
        reason="why",
        at=evening(MONDAY),
    )
    await ledger.change_state(change)
    await trade(ledger, sell(client_order_id="rest", cycle_id="paper/cycle-2", quantity="60"), "60", "104", WEDNESDAY)
    await close_all(closing(engine, market(WEDNESDAY)))
    facts = await PostgresWeeks(engine).facts(DESK, MONDAY)
    assert [one.session_on for one in facts.closes] == [MONDAY, TUESDAY, WEDNESDAY]
    assert [(one.state, one.reason) for one in facts.changes] == [("REDUCING", "why")]
    assert [one.realised_pnl for one in facts.trades] == [D("357.00")]
    assert facts.before is not None
    assert facts.before.session_on == FRIDAY


@pytest.mark.parametrize("table", ["daily_closes", "weekly_reports"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET body = '{{}}'", "DELETE FROM {}", "TRUNCATE {}"])
async def test_what_was_closed_is_never_changed(engine: AsyncEngine, table: str, statement: str) -> None:
    with pytest.raises(BadConfiguration, match="permission"):
        await rows(engine, statement.format(table))
