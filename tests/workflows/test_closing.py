"""The close of the day and the report of the week on real servers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from adapters.postgres.weeks import PostgresWeeks
from tests.activities.closing import (
    CLOSES,
    DESK,
    FRIDAY,
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    a_desk,
    evening,
    market,
    rows,
)
from tests.fakes.closing_market import ClosingMarket
from tests.rig import Ports, in_state, serving
from tests.workflows.conftest import Keep
from trading.bars import Bars
from trading.breaker import Rule, TradingState
from trading.closing import DayAsked, DayClosing
from trading.desk import DeskState
from trading.errors import MarketRefused
from trading.weeks import WeekAsked, WeekEnded
from workflows import policies
from workflows.daily_close import DailyClose
from workflows.trading_desk import TradingDesk
from workflows.weekly_report import WeeklyReport

DAY, WEEK = DayAsked(desk_id=DESK, trace_id="trace-1"), WeekAsked(desk_id=DESK, trace_id="trace-1")
GOOD_FRIDAY, BLACK_FRIDAY = date(2024, 3, 29), date(2024, 11, 29)


def plugged(engine: AsyncEngine, data: Path, seen: ClosingMarket) -> Ports:
    return Ports.real(engine, data).but(market=seen)


async def close(client: Client, name: str) -> tuple[DayClosing, WorkflowHandle[DailyClose, DayClosing]]:
    started = await client.start_workflow(
        DailyClose.run,
        DAY,
        id=f"daily-close/{name}",
        task_queue=policies.DESK_QUEUE,
        task_timeout=policies.TASK,
        execution_timeout=policies.CLOSING_LIFE,
    )
    return await started.result(), started


async def report(client: Client, name: str) -> tuple[WeekEnded, WorkflowHandle[WeeklyReport, WeekEnded]]:
    started = await client.start_workflow(
        WeeklyReport.run, WEEK, id=f"weekly-report/{name}", task_queue=policies.DESK_QUEUE, task_timeout=policies.TASK
    )
    return await started.result(), started


@pytest.mark.faults
async def test_three_missed_days_are_made_up_once_and_no_desk_is_needed(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep
) -> None:
    await a_desk(engine)
    async with serving(temporal.client, plugged(engine, sample_data, market(WEDNESDAY, away=2))):
        done, first = await close(temporal.client, "wednesday")
        again, second = await close(temporal.client, "wednesday-again")
    assert [one.session_on for one in done.closed] == [FRIDAY, MONDAY, TUESDAY, WEDNESDAY]
    assert done.closed[-1].equity == Decimal("100358.00")
    assert again.closed == ()
    assert again.reason == f"{WEDNESDAY}, the newest session that has ended, is closed already"
    told = await rows(engine, "SELECT count(*) FILTER (WHERE type = 'DayClosed'), count(*) FROM events")
    assert told[0][0] == 4
    await keep("close-made-up", first)
    await keep("close-nothing", second)


@pytest.mark.faults
async def test_a_holiday_closes_nothing_and_a_half_day_at_its_own_bell(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    await a_desk(engine)
    seen = market(GOOD_FRIDAY, {"AAPL": {date(2024, 3, 28): 100.0, BLACK_FRIDAY: 110.0}})
    async with serving(temporal.client, plugged(engine, sample_data, seen)):
        await close(temporal.client, "before")
        idle, _ = await close(temporal.client, "good-friday")
        seen.present = evening(BLACK_FRIDAY)
        half, _ = await close(temporal.client, "black-friday")
    assert idle.closed == ()
    assert f"{GOOD_FRIDAY} is no session of the exchange" in idle.reason
    assert len(half.closed) == 30
    ((closes_at,),) = await rows(engine, f"SELECT closes_at FROM daily_closes WHERE session_on = '{BLACK_FRIDAY}'")  # noqa: S608
    assert isinstance(closes_at, datetime)
    assert closes_at.hour == 18


class LateMarket(ClosingMarket):
    """Has the bars of its last day only from the so-manieth time on that it is asked."""

    def __init__(self, day: date, looks: int) -> None:
        super().__init__(evening(day), CLOSES)
        self._day, self._looks = day, looks

    async def bars(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> Mapping[str, Bars]:
        found = await super().bars(symbols, as_of, sessions)
        late = len(self.asked) < self._looks
        return {symbol: bars.between(0, len(bars) - 1) for symbol, bars in found.items()} if late else found


@pytest.mark.faults
async def test_a_price_that_comes_late_is_waited_for(
    skipping: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep
) -> None:
    await a_desk(engine)
    seen = LateMarket(FRIDAY, looks=3)
    async with serving(skipping.client, plugged(engine, sample_data, seen)):
        done, handle = await close(skipping.client, "late")
    assert (done.closed[0].equity, len(seen.asked)) == (Decimal("100099.00"), 3)
    await keep("close-waited", handle)


@pytest.mark.faults
async def test_a_price_that_never_comes_is_named_and_prices_of_the_past_are_not_waited_for(
    skipping: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep
) -> None:
    await a_desk(engine)
    never = LateMarket(FRIDAY, looks=99)
    async with serving(skipping.client, plugged(engine, sample_data, never)):
        done, handle = await close(skipping.client, "never")
        assert len(never.asked) == policies.CLOSING_LOOKS
        never.historical, never.present = True, evening(MONDAY)
        later, _ = await close(skipping.client, "past")
    assert [(one.symbol, one.reason) for one in done.closed[0].missing] == [
        ("AAPL", "the market has no price of that session")
    ]
    assert (len(later.closed), later.closed[0].equity) == (1, None)
    assert len(never.asked) == policies.CLOSING_LOOKS + 1
    await keep("close-without-price", handle)


@pytest.mark.faults
async def test_the_circuit_breaker_looks_at_the_close(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    """100 shares that fall by 62 dollars are 6.2 percent of the equity: more than a day may cost."""
    await a_desk(engine, sells=False)
    fallen = market(MONDAY, {"AAPL": {FRIDAY: 101.0, MONDAY: 39.0}})
    async with serving(temporal.client, plugged(engine, sample_data, fallen)):
        desk = await temporal.client.start_workflow(
            TradingDesk.run, DeskState(desk_id=DESK), id=f"desk/{DESK}", task_queue=policies.DESK_QUEUE
        )
        await close(temporal.client, "fallen")
        await in_state(desk, TradingState.HALTED)
        breaker = await desk.query(TradingDesk.circuit_breaker)
    assert breaker.trip(Rule.DAILY_LOSS) is not None


@pytest.mark.faults
async def test_a_week_is_reported_once_and_closes_what_is_left(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep
) -> None:
    await a_desk(engine)
    async with serving(temporal.client, plugged(engine, sample_data, market(FRIDAY))):
        ended, first = await report(temporal.client, "first")
        again, second = await report(temporal.client, "again")
    assert (ended.monday, ended.pnl) == (date(2024, 2, 26), Decimal("99.00"))
    assert again.reason == "the week from 2024-02-26, the newest that is over, is reported already"
    told = await rows(engine, "SELECT data->>'topic' FROM events WHERE type = 'AlertRaised' ORDER BY sequence")
    assert told == [("daily_summary",), ("weekly_report",)]
    await keep("week-reported", first)
    await keep("week-reported-already", second)


class RefusingMarket(ClosingMarket):
    """Gives no bars to anybody."""

    async def bars(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> Mapping[str, Bars]:
        raise MarketRefused("the key has expired")


@pytest.mark.faults
async def test_a_week_whose_last_closes_cannot_be_made_says_which(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep
) -> None:
    await a_desk(engine)
    friday = date(2024, 3, 8)
    async with serving(temporal.client, plugged(engine, sample_data, market(WEDNESDAY))):
        await close(temporal.client, "wednesday")
    async with serving(temporal.client, plugged(engine, sample_data, RefusingMarket(evening(friday), CLOSES))):
        ended, handle = await report(temporal.client, "refused")
    assert ended.monday == MONDAY
    stored = await PostgresWeeks(engine).find(DESK, MONDAY)
    assert stored is not None
    assert stored.unclosed == (date(2024, 3, 7), friday)
    await keep("week-without-close", handle)


async def test_a_desk_that_the_books_do_not_know_is_closed_by_nobody(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep
) -> None:
    async with serving(temporal.client, plugged(engine, sample_data, market(FRIDAY))):
        done, handle = await close(temporal.client, "nobody")
        ended, _ = await report(temporal.client, "nobody")
    assert done.closed == ()
    assert [done.reason, ended.reason] == [f"the books know no desk {DESK}"] * 2
    await keep("close-no-desk", handle)
