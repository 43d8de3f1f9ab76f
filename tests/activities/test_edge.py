"""The edge of every activity: an answer that nobody could read fails in the activity, and the workflow hears of it."""

from __future__ import annotations

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from tests.activities import poison
from tests.activities.asking import Asking
from tests.activities.records import broken

QUEUE = "poison"


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
