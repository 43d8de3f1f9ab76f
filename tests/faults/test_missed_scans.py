"""The Temporal server gone across the time of a scan: it is missed, not late, and the log says so."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, ScheduleCalendarSpec, ScheduleRange

from adapters.exchange_calendar import ExchangeCalendar
from adapters.temporal.connection import add_missing_search_attributes
from adapters.temporal.plugin import DeskPlugin
from console.routine import keep
from embedded.home import Home
from embedded.temporal import NAMESPACE, TemporalServer
from tests.clocks import ALWAYS, ASKED, entry
from tests.conftest import free_port
from tests.fakes import model
from tests.fakes.model import ScriptedModel
from tests.rig import Ports, cycle, findings, request, serving, until
from trading.agents.questions import Agent
from trading.events import Event, EventType
from trading.scans import RollCallAsked
from workflows import policies, search_attributes
from workflows.scheduled_scan import RollCall

EVERY_SECONDS, PATIENCE, ROLL_CALL_AFTER = 20, timedelta(seconds=10), 5
"""The clock of a day in minutes: a scan every 20 s, late by more than 10 it is missed, 5 s later the roll is called."""


@pytest.fixture
async def frail(tmp_path: Path) -> AsyncIterator[TemporalServer]:
    """A server on a file, that nobody else uses."""
    home = Home(tmp_path / "temporal")
    home.prepare()
    server = TemporalServer(home, free_port())
    await server.start()
    yield server
    await server.stop()


@pytest.mark.faults
@pytest.mark.timeout(900)
@pytest.mark.parametrize("outages", [1, pytest.param(5, marks=pytest.mark.soak)])
async def test_a_scan_whose_time_goes_by_without_a_server_is_missed_and_never_held(
    frail: TemporalServer, engine: AsyncEngine, sample_data: Path, outages: int
) -> None:
    client = await Client.connect(frail.address, namespace=NAMESPACE, plugins=[DeskPlugin()])
    await add_missing_search_attributes(client, (*search_attributes.KEYWORDS, *search_attributes.KEYWORD_LISTS))
    never_closed = ExchangeCalendar("24/7", until=datetime.now(UTC).date())
    real = Ports.real(engine, sample_data)
    ports = real.but(calendar=never_closed, model=ScriptedModel({Agent.DATA: model.holds}))
    missed: list[str] = []
    async with serving(client, ports, sticky_queue_schedule_to_start_timeout=policies.STICKY):
        await cycle(client, request("AAPL"))
        await quick_clock(client)
        await until_it_is(next_scan(later_by=timedelta(seconds=EVERY_SECONDS)) + timedelta(seconds=3))
        for _ in range(outages):
            due_at = next_scan(later_by=timedelta(seconds=5))
            await until_it_is(due_at - timedelta(seconds=3))
            await frail.kill()
            await until_it_is(due_at + PATIENCE + timedelta(seconds=4))
            await frail.start()
            await quick_clock(client)  # as a worker does that starts again
            name = f"scan/main-{due_at:%Y-%m-%dT%H:%M:%SZ}"
            missed.append(name)
            await until(partial(told, ports, name))
            await until_it_is(next_scan() + timedelta(seconds=4))
    skips = [e for e in await skipped(ports) if e.data["code"] == "missed"]
    assert [event.aggregate_id for event in skips] == missed
    held = {one.id async for one in client.list_workflows("WorkflowType = 'ScheduledScan'")}
    assert not held & {*missed}
    assert len(held) >= outages, "the others are held as ever"
    assert await findings(ports) == ()


async def quick_clock(client: Client) -> None:
    """The schedules of scans and roll calls on a day that is as short as a minute, as a worker applies them."""
    call = RollCallAsked(scan=ASKED, after_seconds=ROLL_CALL_AFTER)
    for name, after in (("scan", 0), ("roll-call", ROLL_CALL_AFTER)):
        schedule = entry(name).schedule(ALWAYS)
        schedule.spec.calendars = [
            ScheduleCalendarSpec(
                second=[ScheduleRange(after, 59, EVERY_SECONDS)],
                minute=[ScheduleRange(0, 59)],
                hour=[ScheduleRange(0, 23)],
            )
        ]
        if name == "scan":
            schedule.policy.catchup_window = PATIENCE
        else:
            schedule.action = ALWAYS.starts(RollCall.run, call, "roll-call/main", policies.SCAN_LIFE)
        await keep(client, f"{name}/main", schedule)


def next_scan(later_by: timedelta = timedelta(0)) -> datetime:
    """The first time of a scan that is so far away."""
    first = (datetime.now(UTC) + later_by).timestamp()
    return datetime.fromtimestamp(math.ceil(first / EVERY_SECONDS) * EVERY_SECONDS, UTC)


async def until_it_is(at: datetime) -> None:
    await asyncio.sleep(max(0.0, (at - datetime.now(UTC)).total_seconds()))


async def skipped(ports: Ports) -> list[Event]:
    books = await ports.ledger.books("main")
    return [stored.event for stored in books.events if stored.event.type is EventType.CYCLE_SKIPPED]


async def told(ports: Ports, name: str) -> bool:
    return name in {event.aggregate_id for event in await skipped(ports)}
