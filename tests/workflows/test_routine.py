"""What a worker sets going as it starts: a look now, a look by the clock, and an ear on the broker."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.workflowservice.v1 import ListScheduleMatchingTimesRequest
from temporalio.client import ScheduleOverlapPolicy, WorkflowExecutionStatus
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from console.routine import begin_routine
from tests.clocks import WEEKDAYS, entry
from tests.fakes import model
from tests.fakes.model import ScriptedModel
from tests.rig import Ports, cycle, request, serving, until
from trading.agents.questions import Agent

NEW_YORK = ZoneInfo("America/New_York")


async def test_the_books_are_compared_now_and_every_quarter_of_a_session_however_often_a_worker_starts(
    temporal: WorkflowEnvironment,
) -> None:
    client = temporal.client
    await begin_routine(client, WEEKDAYS, listens=False)
    schedule = client.get_schedule_handle("reconciliation/main")
    await schedule.pause(note="by hand")
    await begin_routine(client, WEEKDAYS, listens=False)
    found = await schedule.describe()
    assert (found.schedule.state.paused, found.schedule.state.note) == (True, "by hand")
    assert found.schedule.policy.overlap is ScheduleOverlapPolicy.SKIP
    times = [at.astimezone(NEW_YORK) for at in found.info.next_action_times]
    assert len(times) > 1
    assert all(at.weekday() < 5 and 9 <= at.hour <= 16 and at.minute % 15 == 0 for at in times)
    assert min(later - earlier for earlier, later in pairwise(times)) == timedelta(minutes=15)
    with pytest.raises(RPCError, match="not found"):
        await client.get_workflow_handle("broker-watch/main").describe()


@pytest.mark.parametrize(
    ("first", "last", "utc"),
    [
        # Both changes of daylight saving, from the Thursday before to the Tuesday after: eight sessions.
        (date(2027, 3, 11), date(2027, 3, 16), {11: ("16:00", "19:30"), 15: ("15:00", "18:30")}),
        (date(2026, 10, 29), date(2026, 11, 3), {29: ("15:00", "18:30"), 2: ("16:00", "19:30")}),
    ],
)
async def test_the_server_scans_at_eleven_and_half_past_two_whatever_the_clocks_do(
    temporal: WorkflowEnvironment, first: date, last: date, utc: dict[int, tuple[str, str]]
) -> None:
    await temporal.client.create_schedule("scan/main", entry("scan").schedule(WEEKDAYS))
    asked = ListScheduleMatchingTimesRequest(namespace=temporal.client.namespace, schedule_id="scan/main")
    asked.start_time.FromDatetime(datetime.combine(first, time(0)))
    asked.end_time.FromDatetime(datetime.combine(last, time(23)))
    found = await temporal.client.workflow_service.list_schedule_matching_times(asked)
    times = [at.ToDatetime(UTC) for at in found.start_time]
    days = [date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1)]
    sessions = [day for day in days if day.isoweekday() <= 5]
    clock = [(11, 0), (14, 30)]
    assert [(at.date(), at.hour, at.minute) for at in (one.astimezone(NEW_YORK) for one in times)] == [
        (day, *at) for day in sessions for at in clock
    ]
    for day, instants in utc.items():
        assert tuple(f"{at:%H:%M}" for at in times if at.day == day) == instants


async def test_what_is_late_by_more_than_ten_minutes_is_left_out_and_nothing_jitters(
    temporal: WorkflowEnvironment,
) -> None:
    client = temporal.client
    await begin_routine(client, WEEKDAYS, listens=False)
    for name, (overlap, catch_up) in {
        "scan": (ScheduleOverlapPolicy.SKIP, timedelta(minutes=10)),
        "reconciliation": (ScheduleOverlapPolicy.SKIP, timedelta(minutes=10)),
        "roll-call": (ScheduleOverlapPolicy.BUFFER_ALL, timedelta(days=3)),
    }.items():
        found = (await client.get_schedule_handle(f"{name}/main").describe()).schedule
        assert (found.policy.overlap, found.policy.catchup_window, found.policy.pause_on_failure) == (
            overlap,
            catch_up,
            False,
        )
        assert not found.spec.jitter
        assert found.spec.time_zone_name == "America/New_York"


async def test_the_clock_starts_a_look_that_ends_and_the_broker_is_heard_once(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    client = temporal.client
    for _ in range(2):
        await begin_routine(client, WEEKDAYS, listens=True)
    ports = Ports.real(engine, sample_data).but(model=ScriptedModel({Agent.DATA: model.holds}))
    async with serving(client, ports):
        await cycle(client, request("AAPL"))
        await client.get_schedule_handle("reconciliation/main").trigger()

        async def looked() -> bool:
            ended = [one async for one in client.list_workflows("WorkflowType = 'Reconciliation'")]
            by_clock = [one for one in ended if "main-clock" in one.id]
            return [one.status for one in by_clock] == [WorkflowExecutionStatus.COMPLETED]

        await until(looked)
    watching = [one.id async for one in client.list_workflows("WorkflowType = 'BrokerWatch'")]
    assert watching == ["broker-watch/main"]
