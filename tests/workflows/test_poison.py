"""Values that cannot be read: refused where they come in, and never a task that is tried for ever."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from adapters.temporal.records import UNREADABLE
from tests.activities.poison import answering
from tests.making import request
from trading.breaker import CircuitBreaker
from worker import WORKFLOWS
from workflows import policies
from workflows.order_execution import OrderExecution
from workflows.reconciliation import Reconciliation
from workflows.stand_down import StandDown
from workflows.trading_cycle import TradingCycle
from workflows.trading_desk import TradingDesk

OLD_CYCLE = '{"cycle_id": "c-1", "desk_id": "main", "symbols": ["AAPL"], "started_at": "2026-11-20T16:00:00Z"}'
LONG_LIST = ", ".join(f'"S{number}"' for number in range(101))
SIGNALS = [
    ("halt", "{not json"),
    ("halt", "{}"),
    ("halt", '{"reason": "r", "why": "a field of tomorrow"}'),
    ("halt", '{"reason": ""}'),
    ("halt", "[1, 2]"),
    ("resume", '"please"'),
    ("resume", "null"),
    ("price_moved", '{"symbol": "aapl "}'),
    ("price_moved", '{"symbol": "AAPL", "percent": NaN}'),
    ("price_moved", '{"symbol": "AAPL", "percent": "a lot"}'),
    ("nobody_knows", '{"reason": "r"}'),
]
UPDATES = [
    "{not json",
    "{}",
    '{"symbols": [], "trace_id": "t"}',
    f'{{"symbols": [{LONG_LIST}], "trace_id": "t"}}',
    '{"symbols": ["AAPL"], "trace_id": "t", "leverage": 10}',
    '{"symbols": ["AAPL"], "trace_id": "t", "as_of": "yesterday"}',
]
STARTS = [
    (TradingDesk, "{not json"),
    (TradingDesk, '{"desk_id": "main", "mood": "a field of tomorrow"}'),
    (TradingDesk, '{"desk_id": "Not A Name"}'),
    (TradingCycle, "{not json"),
    (TradingCycle, OLD_CYCLE),
    (OrderExecution, "{not json"),
    (Reconciliation, "{not json"),
    (StandDown, '{"desk_id": "main", "flatten": "perhaps"}'),
    (OrderExecution, request().model_dump_json().replace('"quantity":"10"', '"quantity":"NaN"')),
    (OrderExecution, request().model_dump_json().replace('"quantity":"10"', '"quantity":"0"')),
]


def raw(text: str, encoding: str = "json/plain") -> RawValue:
    """A payload as somebody else wrote it."""
    return RawValue(Payload(metadata={"encoding": encoding.encode()}, data=text.encode()))


def desk_worker(client: Client) -> Worker:
    """A worker with the desk's workflows, and an activity that opens its books."""
    opened = answering("open_desk", CircuitBreaker())
    return Worker(client, task_queue=policies.DESK_QUEUE, workflows=WORKFLOWS, activities=[opened])


@pytest.mark.faults
async def test_a_desk_drops_signals_that_it_cannot_read_and_refuses_such_requests(
    temporal: WorkflowEnvironment,
) -> None:
    client = temporal.client
    async with desk_worker(client):
        desk = await client.start_workflow(
            "TradingDesk", {"desk_id": "main"}, id="desk/main", task_queue=policies.DESK_QUEUE
        )
        for name, text in SIGNALS:
            await desk.signal(name, raw(text))
        await desk.signal("halt", raw("secret", encoding="binary/encrypted"))
        await desk.signal("halt", args=[{"reason": "one"}, {"reason": "too many"}])
        await desk.signal("resume")
        await desk.signal("price_moved")
        for text in UPDATES:
            with pytest.raises(WorkflowUpdateFailedError):
                await desk.execute_update("run_cycle", raw(text))
        with pytest.raises(WorkflowUpdateFailedError):
            await desk.execute_update("run_cycles", raw("{}"))
        with pytest.raises(WorkflowUpdateFailedError):
            await desk.execute_update("run_cycle")
        assert await desk.query("trading_state") == "ACTIVE"
        assert await desk.query("cycles") == []
        events = (await desk.fetch_history()).events
    failed = [event for event in events if event.HasField("workflow_task_failed_event_attributes")]
    assert failed == []


@pytest.mark.parametrize("kind", WORKFLOWS)
@pytest.mark.parametrize("arguments", [(), (None,)])
async def test_a_workflow_that_was_given_nothing_to_start_with_fails_at_once(
    temporal: WorkflowEnvironment, kind: type[Any], arguments: tuple[None, ...]
) -> None:
    client = temporal.client
    async with desk_worker(client):
        handle = await client.start_workflow(
            kind.__name__, args=arguments, id="empty-handed", task_queue=policies.DESK_QUEUE
        )
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.type == "NoArgument"


@pytest.mark.parametrize(("kind", "text"), STARTS)
async def test_a_workflow_that_cannot_read_its_start_fails_at_once_and_by_name(
    temporal: WorkflowEnvironment, kind: type[Any], text: str
) -> None:
    client = temporal.client
    async with desk_worker(client):
        handle = await client.start_workflow(kind.__name__, raw(text), id="poisoned", task_queue=policies.DESK_QUEUE)
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        events = (await handle.fetch_history()).events
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.type == UNREADABLE
    assert len(events) <= 8
