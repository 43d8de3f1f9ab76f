"""The portfolio at a moment, on a real database: what was held, by the prices known then, equal to the closes kept."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.looking_up.tools import LookingUp
from adapters.postgres.closes import PostgresCloses
from adapters.postgres.ledger import PostgresLedger
from tests.activities.closing import DESK, FRIDAY, MONDAY, TUESDAY, WEDNESDAY, a_desk, closing, evening, market, pay
from tests.adapters.looking_up.looking import look
from tests.adapters.postgres.desk import CYCLE, event
from trading.closing import CloseAsked, DayAsked
from trading.events import EventType
from trading.inquiry import Tool

BELL = timedelta(minutes=20)


async def close_all(engine: AsyncEngine) -> None:
    """Close every session up to the Wednesday, as the workflow does."""
    doing = closing(engine, market(WEDNESDAY))
    plan = await doing.plan_closes(DayAsked(desk_id=DESK, trace_id="trace-1"))
    for due in plan.due:
        await doing.close_session(CloseAsked(desk_id=DESK, trace_id="trace-1", due=due))


async def test_it_is_the_close_that_was_kept_to_the_cent(engine: AsyncEngine, tools: LookingUp) -> None:
    ledger = await a_desk(engine)
    await pay(ledger, "2500.00", MONDAY)
    await close_all(engine)
    closes = PostgresCloses(engine)
    for day in (FRIDAY, MONDAY, TUESDAY, WEDNESDAY):
        kept = await closes.find(DESK, day)
        assert kept is not None
        assert kept.equity is not None
        told = await look(tools, Tool.PORTFOLIO_AT, at=(evening(day) - BELL).isoformat())
        assert f"cash {kept.cash} + positions = equity {kept.equity} dollars" in told.text, told
        assert "it differs" not in told.text
        assert f"{DESK}/DayClosed/{day}" in told.ids
        assert await tools.known(DESK, told.ids) == set(told.ids)


async def test_between_closes_the_newest_price_of_then_counts(engine: AsyncEngine, tools: LookingUp) -> None:
    ledger = await a_desk(engine)
    await close_all(engine)
    assert "| fill" in (await look(tools, Tool.PORTFOLIO_AT, at="2024-03-01T20:30:00Z")).text
    seen = {"as_of": "2024-03-04T15:00:00Z", "prices": {"AAPL": "250.5"}}
    await ledger.record([event(EventType.SNAPSHOT_TAKEN, seen, name="seen", aggregate=CYCLE)])
    before = await look(tools, Tool.PORTFOLIO_AT, at="2024-03-04T14:59:00Z")
    after = await look(tools, Tool.PORTFOLIO_AT, at="2024-03-04T15:01:00Z")
    assert "AAPL | 100.000000000 | 10001.00 | 101" in before.text or "AAPL | 100 | 10001.00 | 101" in before.text
    assert "equity 115049.00" in after.text
    assert "| snapshot" in after.text
    assert "| close" in (await look(tools, Tool.PORTFOLIO_AT, at="2024-03-04T21:00:00Z")).text


async def test_before_its_opening_a_desk_had_no_books(engine: AsyncEngine, tools: LookingUp) -> None:
    await a_desk(engine)
    early = await look(tools, Tool.PORTFOLIO_AT, at="2024-02-01")
    assert early.error.startswith("the desk had no books at 2024-02-01T00:00:00Z: they begin at 2024-03-01")
    assert "it has none" in (await look(tools, Tool.PORTFOLIO_AT, desk_id="nobody")).error


async def test_a_fill_that_was_told_after_the_close_is_said_to_differ(engine: AsyncEngine, tools: LookingUp) -> None:
    ledger: PostgresLedger = await a_desk(engine)
    await close_all(engine)
    await pay(ledger, "10.00", FRIDAY)
    told = await look(tools, Tool.PORTFOLIO_AT, at=(evening(FRIDAY) - BELL).isoformat())
    assert "it differs" in told.text
