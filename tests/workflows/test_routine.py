"""What a worker sets going as it starts: a look now, a look by the clock, and an ear on the broker."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import ScheduleOverlapPolicy, WorkflowExecutionStatus
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from console.routine import begin_routine
from tests.fakes import model
from tests.fakes.model import ScriptedModel
from tests.rig import Ports, cycle, request, serving, until
from trading.agents.questions import Agent

NEW_YORK = ZoneInfo("America/New_York")


async def test_the_books_are_compared_now_and_every_quarter_of_a_session_however_often_a_worker_starts(
    temporal: WorkflowEnvironment,
) -> None:
    client = temporal.client
    await begin_routine(client, "main", listens=False)
    schedule = client.get_schedule_handle("reconciliation/main")
    await schedule.pause(note="by hand")
    await begin_routine(client, "main", listens=False)
    found = await schedule.describe()
    assert (found.schedule.state.paused, found.schedule.state.note) == (True, "by hand")
    assert found.schedule.policy.overlap is ScheduleOverlapPolicy.SKIP
    times = [at.astimezone(NEW_YORK) for at in found.info.next_action_times]
    assert len(times) > 1
    assert all(at.weekday() < 5 and 9 <= at.hour <= 16 and at.minute % 15 == 0 for at in times)
    assert min(later - earlier for earlier, later in pairwise(times)) == timedelta(minutes=15)
    with pytest.raises(RPCError, match="not found"):
        await client.get_workflow_handle("broker-watch/main").describe()


async def test_the_clock_starts_a_look_that_ends_and_the_broker_is_heard_once(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    client = temporal.client
    for _ in range(2):
        await begin_routine(client, "main", listens=True)
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
