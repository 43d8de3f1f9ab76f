"""The edge of every activity: an answer that nobody could read fails in the activity, and the workflow hears of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import structlog
from temporalio import activity, workflow
from temporalio.client import WorkflowFailureError
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from tests.activities import poison
from tests.activities.asking import Asking
from tests.activities.records import broken
from tests.rig import until
from workflows.search_attributes import TRACE_ID

QUEUE = "poison"
SAID = 7


@workflow.defn(sandboxed=False)
class Waits:
    """Waits for one activity that says once how far it is."""

    @workflow.run
    async def run(self) -> None:
        patience = timedelta(seconds=60)
        await workflow.execute_activity(
            "says_once", start_to_close_timeout=patience, heartbeat_timeout=timedelta(seconds=2)
        )


async def test_what_an_activity_says_of_itself_outlives_the_edge_s_own_beats(temporal: WorkflowEnvironment) -> None:
    seen, release = dict[str, list[object]](), asyncio.Event()

    @activity.defn
    async def says_once() -> None:
        activity.heartbeat(SAID)
        await release.wait()

    async with Worker(temporal.client, task_queue="saying", workflows=[Waits], activities=[says_once]):
        handle = await temporal.client.start_workflow(Waits.run, id="waits", task_queue="saying")

        async def beaten() -> bool:
            for one in (await handle.describe()).raw_description.pending_activities:
                payloads = list(one.heartbeat_details.payloads)
                seen[str(one.last_heartbeat_time)] = pydantic_data_converter.payload_converter.from_payloads(payloads)
            return len(seen) > 4

        await until(beaten)
        release.set()
        await handle.result()
    assert [SAID] in seen.values()
    assert list(seen.values())[-3:] == [[SAID]] * 3


@workflow.defn(sandboxed=False)
class Asks:
    """Has something done that is not told for whom."""

    @workflow.run
    async def run(self) -> str:
        patience = timedelta(seconds=60)
        return str(await workflow.execute_activity("for_whom", start_to_close_timeout=patience))


@pytest.mark.parametrize("known", [True, False])
async def test_an_activity_that_is_not_told_for_whom_it_works_knows_the_trace_all_the_same(
    temporal: WorkflowEnvironment, *, known: bool
) -> None:
    @activity.defn
    async def for_whom() -> str:
        return str(structlog.contextvars.get_contextvars().get("trace_id"))

    said = TypedSearchAttributes([SearchAttributePair(TRACE_ID, "ann/1")] if known else [])
    async with Worker(temporal.client, task_queue="asking", workflows=[Asks], activities=[for_whom]):
        heard = await temporal.client.execute_workflow(
            Asks.run, id=f"asks-{known}", task_queue="asking", search_attributes=said
        )
    assert heard == ("ann/1" if known else "None")


@pytest.mark.faults
async def test_an_unreadable_answer_fails_in_its_activity_at_once(temporal: WorkflowEnvironment) -> None:
    client = temporal.client
    heard = 0
    for number in range(2):
        called: list[str] = []
        poisons = {name: broken(poison.promised(name)) for name in poison.real()}
        answers = {name: wrong[number] for name, wrong in poisons.items() if len(wrong) > number}
        activities = [poison.answering(name, answer, called) for name, answer in answers.items()]
        async with Worker(client, task_queue=QUEUE, workflows=[Asking], activities=activities):
            for name in answers:
                with pytest.raises(WorkflowFailureError) as failed:
                    await client.execute_workflow(Asking.run, name, id=f"asking-{name}-{number}", task_queue=QUEUE)
                seen = failed.value.cause
                assert isinstance(seen, ActivityError), name
                assert isinstance(seen.cause, ApplicationError), name
                assert (seen.cause.type, seen.cause.non_retryable) == ("UnreadableResult", True), name
                heard += 1
        # Once each: nothing was tried again.
        assert called == list(answers)
    assert heard >= len(poison.real()) + 10
