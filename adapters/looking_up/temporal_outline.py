"""How a workflow went, by its history: events, and activities with tries, failures and time; never a payload."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from temporalio.api.enums.v1 import EventType
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from adapters.looking_up.telling import cell
from trading.inquiry_limits import MOST_HISTORY, TEMPORAL_SECONDS

_ENDS = {
    EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED: ("completed", "activity_task_completed_event_attributes"),
    EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED: ("failed", "activity_task_failed_event_attributes"),
    EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT: ("timed out", "activity_task_timed_out_event_attributes"),
    EventType.EVENT_TYPE_ACTIVITY_TASK_CANCELED: ("cancelled", "activity_task_canceled_event_attributes"),
}
_MOST_FAILURE = 200


@dataclass
class _Activity:
    name: str
    scheduled_at: datetime
    tries: int = 1
    failure: str = ""
    ending: str = "not ended"
    ended_at: datetime | None = None

    @property
    def seconds(self) -> float:
        return (self.ended_at - self.scheduled_at).total_seconds() if self.ended_at else 0.0


@dataclass
class _Outline:
    kinds: Counter[str] = field(default_factory=Counter)
    activities: dict[int, _Activity] = field(default_factory=dict)
    last: str = ""
    cut: bool = False


async def outline_of(client: Client, workflow_id: str) -> list[str]:
    """The lines of one workflow's newest run. A server that does not know it, or does not answer, is one line."""
    try:
        async with asyncio.timeout(TEMPORAL_SECONDS):
            found = await _read(client, workflow_id)
    except RPCError as error:
        gone = error.status is RPCStatusCode.NOT_FOUND
        return [f"workflow {workflow_id}: " + ("no history of it is kept" if gone else "Temporal did not answer")]
    except TimeoutError:
        return [f"workflow {workflow_id}: Temporal did not answer in {TEMPORAL_SECONDS:g} seconds"]
    return list(_lines(workflow_id, found))


async def _read(client: Client, workflow_id: str) -> _Outline:
    outline = _Outline()
    number = 0
    async for event in client.get_workflow_handle(workflow_id).fetch_history_events():
        number += 1
        if number > MOST_HISTORY:
            outline.cut = True
            break
        _take(outline, event)
    return outline


def _take(outline: _Outline, event: HistoryEvent) -> None:
    at = event.event_time.ToDatetime(UTC)
    kind = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_").lower()
    outline.kinds[kind] += 1
    if kind.startswith("workflow_execution_") and not kind.endswith("signaled"):
        outline.last = kind.removeprefix("workflow_execution_").replace("_", " ")
    if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
        name = event.activity_task_scheduled_event_attributes.activity_type.name
        outline.activities[event.event_id] = _Activity(name, at)
    elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
        begun = event.activity_task_started_event_attributes
        activity = outline.activities[begun.scheduled_event_id]
        activity.tries, activity.failure = begun.attempt, _said(begun.last_failure) or activity.failure
    elif event.event_type in _ENDS:
        ending, attributes = _ENDS[event.event_type]
        ended = getattr(event, attributes)
        activity = outline.activities[ended.scheduled_event_id]
        activity.ending, activity.ended_at = ending, at
        activity.failure = _said(getattr(ended, "failure", None)) or activity.failure


def _said(failure: Failure | None) -> str:
    return cell(failure.message, _MOST_FAILURE) if failure is not None and failure.message else ""


def _lines(workflow_id: str, found: _Outline) -> Iterator[str]:
    kinds = ", ".join(f"{kind} {count}" for kind, count in found.kinds.most_common(8))
    cut = f" (only its first {MOST_HISTORY} events)" if found.cut else ""
    yield f"workflow {workflow_id}: {found.last}; {found.kinds.total()} events{cut}: {kinds}"
    by_name: dict[str, list[_Activity]] = defaultdict(list)
    for activity in found.activities.values():
        by_name[activity.name].append(activity)
    for name, those in by_name.items():
        together = sum(one.seconds for one in those)
        longest = max(one.seconds for one in those)
        yield f"  {name}: {len(those)} times, {together:.2f} seconds together, {longest:.2f} the longest"
        for one in those:
            if one.failure or one.tries > 1 or one.ending != "completed":
                yield f"    {one.ending} at try {one.tries}" + (f": {one.failure}" if one.failure else "")
