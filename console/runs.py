"""The schedules as the server has them, and what came of each run: by the names of the table, for any who show them."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import AwareDatetime
from temporalio.client import (
    Client,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionResult,
    ScheduleDescription,
    ScheduleHandle,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
)
from temporalio.service import RPCError, RPCStatusCode

from console.timetable import Entry
from trading.errors import BadConfiguration
from trading.money import Record

MOST_NEXT = 4
MOST_LAST = 5


class Ran(Record):
    """One run of a schedule: when it was due, its workflow, and how it ended."""

    due_at: AwareDatetime
    workflow_id: str
    outcome: str
    reason: str = ""
    cycle_id: str | None = None


class Scheduled(Record):
    """A schedule as the server has it; `missed` counts what it was too late for, since the schedule was made."""

    name: str
    says: str
    is_made: bool = False
    is_paused: bool = False
    note: str = ""
    next_at: tuple[AwareDatetime, ...] = ()
    missed: int = 0
    last: tuple[Ran, ...] = ()


async def look(client: Client, entry: Entry, desk_id: str) -> Scheduled:
    """One schedule, with its last runs oldest first."""
    try:
        found = await client.get_schedule_handle(entry.id_of(desk_id)).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return Scheduled(name=entry.name, says=entry.says)
    state, info = found.schedule.state, found.info
    last = await asyncio.gather(*(ran_of(client, one) for one in info.recent_actions[-MOST_LAST:]))
    return Scheduled(
        name=entry.name,
        says=entry.says,
        is_made=True,
        is_paused=state.paused,
        note=state.note or "",
        next_at=() if state.paused else tuple(info.next_action_times[:MOST_NEXT]),
        missed=info.num_actions_missed_catchup_window,
        last=tuple(last),
    )


async def described(handle: ScheduleHandle, name: str) -> ScheduleDescription:
    """The server's word on a schedule. Raises BadConfiguration when it has none of that name."""
    try:
        return await handle.describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        raise BadConfiguration(f"the schedule {name} is not there: make it with starter.py schedules apply") from error


async def ran_of(client: Client, started: ScheduleActionResult) -> Ran:
    """What came of one run: its own word where it has one, else the state of its workflow."""
    handle = handle_of(client, started)
    said: dict[str, Any] = {}
    try:
        status = (await handle.describe()).status
        outcome = "running" if status is None else status.name.lower()
        if status is WorkflowExecutionStatus.COMPLETED:
            result = await handle.result()
            said = result if isinstance(result, dict) else {}
    except WorkflowFailureError:
        outcome = "failed"
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        outcome = "forgotten"
    return Ran(
        due_at=started.scheduled_at,
        workflow_id=handle.id,
        outcome=str(said.get("outcome") or outcome),
        reason=str(said.get("reason") or ""),
        cycle_id=said.get("cycle_id"),
    )


def handle_of(client: Client, started: ScheduleActionResult) -> WorkflowHandle[Any, Any]:
    """The workflow that a run is."""
    action = _action(started)
    return client.get_workflow_handle(action.workflow_id, run_id=action.first_execution_run_id)


def run_of(started: ScheduleActionResult) -> str:
    """The run's own name; that of its workflow may come twice."""
    return _action(started).first_execution_run_id


def _action(started: ScheduleActionResult) -> ScheduleActionExecutionStartWorkflow:
    if not isinstance(started.action, ScheduleActionExecutionStartWorkflow):
        raise TypeError(f"a schedule of ours starts workflows, not {started.action!r}")
    return started.action
