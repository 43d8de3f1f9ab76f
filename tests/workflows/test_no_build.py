"""Workers that are of no build, as on one machine: what says where it goes on among builds goes on here too."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from tests.rig import Ports, serving, until
from workflows import policies
from workflows.alert_watch import AlertWatch
from workflows.broker_watch import BrokerWatch
from workflows.price_watch import PriceWatch


@pytest.mark.parametrize("watch", [AlertWatch, BrokerWatch, PriceWatch])
async def test_a_watch_begins_its_work(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, watch: type
) -> None:
    client = temporal.client
    async with serving(client, Ports.real(engine, sample_data)):
        handle = await client.start_workflow(
            watch.run,  # type: ignore[attr-defined]  # each is a workflow
            "main",
            id=f"no-build/{watch.__name__}",
            task_queue=policies.DESK_QUEUE,
            task_timeout=policies.TASK,
            execution_timeout=timedelta(minutes=5),
        )
        try:
            async with asyncio.timeout(60):
                await until(partial(_works, handle))
        finally:
            with suppress(RPCError):  # one that has nothing to watch has ended
                await handle.terminate()


async def _works(handle: WorkflowHandle[None, None]) -> bool:
    kinds = [event.event_type async for event in handle.fetch_history_events()]
    return EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED in kinds
