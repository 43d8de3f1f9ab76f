"""What a desk does without being asked: it compares its books with the broker by the clock, and listens to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.common import WorkflowIDConflictPolicy

from trading.reconciling import ReconciliationAsked
from workflows import policies
from workflows.broker_watch import BrokerWatch
from workflows.price_watch import PriceWatch
from workflows.reconciliation import Reconciliation

EXCHANGE_ZONE = "America/New_York"
# Every quarter of an hour from before the opening bell to after the close; the workflow asks the calendar itself.
QUARTERS = ScheduleCalendarSpec(
    minute=[ScheduleRange(0, 45, 15)], hour=[ScheduleRange(9, 16)], day_of_week=[ScheduleRange(1, 5)]
)
# A server that comes back later than this does not make up for a look that the next quarter brings anyway.
CATCH_UP = timedelta(minutes=10)


async def begin_routine(client: Client, desk_id: str, *, listens: bool, watches: bool = False) -> None:
    """Compare the books now and by the clock; where the broker tells of moving orders, listen.

    With `watches`, watch the prices. Harmless to repeat.
    """
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
    await _keep_schedule(client, f"reconciliation/{desk_id}", _every_quarter(desk_id))
    if listens:
        await client.start_workflow(
            BrokerWatch.run,
            desk_id,
            id=f"broker-watch/{desk_id}",
            task_queue=policies.DESK_QUEUE,
            task_timeout=policies.TASK,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary="orders as they move",
        )
    if watches:
        await client.start_workflow(
            PriceWatch.run,
            desk_id,
            id=f"price-watch/{desk_id}",
            task_queue=policies.DESK_QUEUE,
            task_timeout=policies.TASK,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary="prices as they move",
        )


def _every_quarter(desk_id: str) -> Schedule:
    asked = ReconciliationAsked(
        desk_id=desk_id, reconciliation_id=f"{desk_id}-clock", trace_id=f"{desk_id}-clock", in_session=True
    )
    return Schedule(
        action=ScheduleActionStartWorkflow(
            Reconciliation.run,
            asked,
            id=asked.workflow_id,
            task_queue=policies.DESK_QUEUE,
            task_timeout=policies.TASK,
            execution_timeout=policies.RECONCILING_LIFE,
            static_summary="books and broker, by the clock",
        ),
        spec=ScheduleSpec(calendars=[QUARTERS], time_zone_name=EXCHANGE_ZONE),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP),
    )


async def _keep_schedule(client: Client, name: str, schedule: Schedule) -> None:
    """Create it, or bring the one that is there to this form; whether it is paused stays as a person left it."""

    def renewed(old: ScheduleUpdateInput) -> ScheduleUpdate:
        schedule.state = old.description.schedule.state
        return ScheduleUpdate(schedule=schedule)

    try:
        await client.create_schedule(name, schedule)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(name).update(renewed)
