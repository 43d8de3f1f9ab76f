"""What a fault did to us, counted: the errors that a port raised, and the tries that every step took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar, cast

from sqlalchemy.exc import DBAPIError
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from tests.faults.load import Load
from tests.rig import Ports
from trading.orders import OrderState

P = TypeVar("P")
ANSWERED = "answered"


class Watched:
    """Passes every call on to a port and counts what it raised, by its first cause: an SQLSTATE, or an error's name.

    Calls that were answered are counted as `ANSWERED`.
    """

    def __init__(self, port: object, counts: Counter[str]) -> None:
        self._port = port
        self._counts = counts

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._port, name)
        return self._around(member) if callable(member) else member

    def _around(self, method: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        async def call(*arguments: object, **named: object) -> object:
            try:
                answer = await method(*arguments, **named)
            except Exception as error:
                self._counts[first_cause(error)] += 1
                raise
            self._counts[ANSWERED] += 1
            return answer

        return call


def watched(port: P, counts: Counter[str]) -> P:
    """A port whose calls are counted, as its own type."""
    return cast("P", Watched(port, counts))


def all_watched(ports: Ports, counts: Counter[str]) -> Ports:
    """Ports of which everything that stands on the books' database is watched; the broker may stand elsewhere."""
    return ports.but(
        ledger=watched(ports.ledger, counts),
        snapshots=watched(ports.snapshots, counts),
        journal=watched(ports.journal, counts),
    )


def first_cause(error: BaseException) -> str:
    """What an error was raised from in the end: the SQLSTATE that Postgres said, or the name of an error."""
    while error.__cause__ is not None and not isinstance(error, DBAPIError):
        error = error.__cause__
    said = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return str(getattr(said, "sqlstate", None) or type(said).__name__)


async def tries(client: Client, load: Load) -> Counter[tuple[str, int]]:
    """How many tries the steps of all desks, cycles and orders took: how often each kind of step took each number."""
    found: Counter[tuple[str, int]] = Counter()
    for workflow_id in _workflows(load):
        history = await client.get_workflow_handle(workflow_id).fetch_history()
        kinds: dict[int, str] = {}
        for event in history.events:
            if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                kinds[event.event_id] = event.activity_task_scheduled_event_attributes.activity_type.name
            elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
                started = event.activity_task_started_event_attributes
                found[kinds[started.scheduled_event_id], started.attempt] += 1
    return found


def repeated(found: Counter[tuple[str, int]]) -> str:
    """The steps that took more than one try, in words."""
    more = sorted((kind, number, times) for (kind, number), times in found.items() if number > 1)
    return ", ".join(f"{kind} {number} tries ×{times}" for kind, number, times in more) or "no step repeated"


def _workflows(load: Load) -> Iterable[str]:
    for desk_id, report in load.reports.items():
        yield f"desk/{desk_id}"
        yield f"cycle/{report.cycle_id}"
        yield from (
            row.client_order_id for row in report.rows if row.client_order_id and row.order_state != OrderState.DENIED
        )
