"""What a desk does without being asked: what the clock starts, a look at the broker, an ear on it, and its alerts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

from temporalio.client import Client, Schedule, ScheduleAlreadyRunningError, ScheduleUpdate, ScheduleUpdateInput
from temporalio.common import WorkflowIDConflictPolicy

from console.timetable import TABLE, Timetable
from trading.reconciling import ReconciliationAsked
from workflows import policies
from workflows.alert_watch import AlertWatch
from workflows.broker_watch import BrokerWatch
from workflows.price_watch import PriceWatch
from workflows.reconciliation import Reconciliation


async def begin_routine(client: Client, timetable: Timetable, *, listens: bool, watches: bool = False) -> None:
    """Compare the books now, keep the clock, and tell alerts; listen where the broker tells, watch prices that move.

    Harmless to repeat.
    """
    desk_id = timetable.desk_id
    now = f"{desk_id}-start-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    asked = ReconciliationAsked(desk_id=desk_id, reconciliation_id=now, trace_id=now)
    await client.start_workflow(
        Reconciliation.run,
        asked,
        id=asked.workflow_id,
        task_queue=policies.DESK_QUEUE,
        task_timeout=policies.TASK,
        execution_timeout=policies.RECONCILING_LIFE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary="books and broker, as the worker starts",
    )
    async for _ in kept(client, timetable):
        pass
    if listens:
        await _watch(client, BrokerWatch.run, f"broker-watch/{desk_id}", "orders as they move")
    if watches:
        await _watch(client, PriceWatch.run, f"price-watch/{desk_id}", "prices as they move")
    await _watch(client, AlertWatch.run, f"alerts/{desk_id}", "alerts to those who read them")


async def _watch(client: Client, watch: Callable[..., Any], name: str, says: str) -> None:
    """Start one of the workflows that a desk has one of, for ever; its id ends with the desk's."""
    await client.start_workflow(
        watch,
        name.partition("/")[2],
        id=name,
        task_queue=policies.DESK_QUEUE,
        task_timeout=policies.TASK,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary=says,
    )


async def kept(client: Client, timetable: Timetable) -> AsyncIterator[tuple[str, bool]]:
    """Make every schedule of the table, or bring it to its form; its name, and whether it is new."""
    for entry in TABLE:
        yield entry.name, await keep(client, entry.id_of(timetable.desk_id), entry.schedule(timetable))


async def keep(client: Client, name: str, schedule: Schedule) -> bool:
    """Make it, or bring it to this form, and say whether it is new. Whether it is paused stays as a person left it."""

    def renewed(old: ScheduleUpdateInput) -> ScheduleUpdate:
        schedule.state = old.description.schedule.state
        return ScheduleUpdate(schedule=schedule)

    try:
        await client.create_schedule(name, schedule)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(name).update(renewed)
        return False
    return True
