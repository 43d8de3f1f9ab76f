"""Kill -9 of the worker while days are closed and a week is reported: each is kept once, and as without the kill."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from itertools import count

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import transaction
from tests.adapters.postgres.desk import booked, buy, fill_of, intent, opening, step
from tests.fakes.faulty import KILLED
from tests.faults.doom import Death, Moment
from tests.faults.lanes import Ground, Lane
from tests.faults.proving import PATIENCE_SECONDS, tell
from trading.orders import OrderState
from trading.weeks import WeekAsked
from workflows import policies
from workflows.weekly_report import WeeklyReport

MOMENTS: tuple[Moment, ...] = ("before", "after", "returned")
STEPS = (("plan_week", 1), ("plan_closes", 1), ("close_session", 1), ("close_session", 4), ("report_week", 1))
DEATHS = [Death(step, moment, call) for step, call in STEPS for moment in MOMENTS]
DEATHS += [Death("WeeklyReport", "task")]
# One of each step, each at another moment, and the workflow itself.
FEW = [Death(step, MOMENTS[n % 3], call) for n, (step, call) in enumerate(STEPS)] + [Death("WeeklyReport", "task")]
# The last four sessions of the sample's prices.
SESSIONS = [date(2017, 11, day) for day in (7, 8, 9, 10)]
TOLD = "SELECT type, replace(event_id, :d, ''), content_hash FROM events WHERE desk_id = :d AND type"
QUERIES = (
    "SELECT session_on, equity, body - 'desk_id' - 'until_at' FROM daily_closes WHERE desk_id = :d ORDER BY session_on",
    "SELECT marked_at, equity, cash, flow_count FROM equity_marks WHERE desk_id = :d ORDER BY marked_at",
    "SELECT monday, body - 'desk_id' FROM weekly_reports WHERE desk_id = :d",
    f"{TOLD} IN ('DayClosed', 'WeekReported') ORDER BY sequence",
    "SELECT replace(event_id, :d, '') FROM events WHERE desk_id = :d AND type = 'AlertRaised' ORDER BY sequence",
)
_numbers = count(1)


async def a_desk(lane: Lane) -> str:
    """A desk that bought 100 shares an hour before the bell of the first of these sessions."""
    desk_id, ledger = f"closing-{next(_numbers)}", lane.ports.ledger
    opened, cash = opening(desk_id)
    await ledger.open_desk(opened, cash=cash)
    entry = buy(desk_id=desk_id, client_order_id=f"{desk_id}-entry", cycle_id=f"{desk_id}-cycle", mark="174")
    await ledger.intend(intent(entry))
    await ledger.advance(*step(entry, OrderState.SUBMITTED))
    await ledger.advance(*step(entry, OrderState.ACCEPTED))
    filled_at = datetime(2017, 11, 7, 20, tzinfo=UTC)
    await ledger.apply_fill(*booked(entry, fill_of(entry, "100", "174", filled_at=filled_at)))
    return desk_id


async def report(lane: Lane, death: Death | None) -> tuple[str, list[str]]:
    """Report a desk's week, with one death of its worker or none: the desk, and what was wrong in the end."""
    desk_id = await a_desk(lane)
    if not lane.lives.is_alive:
        await lane.lives.begin()
    if death is not None:
        lane.lives.arm(death)
    started = await lane.client.start_workflow(
        WeeklyReport.run,
        WeekAsked(desk_id=desk_id, trace_id="trace-1"),
        id=f"weekly-report/{desk_id}",
        task_queue=policies.DESK_QUEUE,
        task_timeout=policies.TASK,
    )
    code = KILLED
    if death is not None:
        code = await lane.lives.end()
        await lane.lives.begin()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await started.result()
    return desk_id, [] if code == KILLED else [f"{death}: the worker ended with {code}"]


async def left(engine: AsyncEngine, desk_id: str) -> list[list[tuple[object, ...]]]:
    """What is left of it in the books, without its name and its times."""
    async with transaction(engine) as connection:
        asked = [await connection.execute(text(query), {"d": desk_id}) for query in QUERIES]
        return [[tuple(row) for row in rows] for rows in asked]


@pytest.mark.faults
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("deaths", [FEW, pytest.param(DEATHS, marks=pytest.mark.soak)], ids=["few", "all"])
async def test_a_worker_killed_while_it_closes_leaves_what_one_that_lived_leaves(
    ground: Ground, deaths: list[Death]
) -> None:
    async with ground.lane("lane-1") as lane:
        engine = lane.ports.closes
        assert engine is not None
        whole, _ = await report(lane, None)
        expected, wrong = await left(engine, whole), []
        assert len(expected[0]) == len(SESSIONS)
        for death in deaths:
            desk_id, found = await report(lane, death)
            wrong += found
            wrong += [] if await left(engine, desk_id) == expected else [f"{death}: it left something else"]
    tell(f"closing: {len(deaths)} kills, {len(wrong)} things wrong")
    assert wrong == []
