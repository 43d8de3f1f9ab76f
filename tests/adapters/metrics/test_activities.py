"""Around a real activity on a real worker: how long an agent took, and what failed."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio import activity, workflow
from temporalio.client import WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from adapters.metrics.activities import Metered, error_name
from adapters.metrics.instruments import REGISTRY
from trading.errors import LedgerUnavailable, OrderRefused
from trading.signals import Abstention
from trading.steps import SignalHeard


@workflow.defn(sandboxed=False)
class Asks:
    """Runs one activity, three times at most."""

    @workflow.run
    async def run(self, name: str) -> None:
        retry = RetryPolicy(maximum_attempts=3, initial_interval=timedelta(milliseconds=1))
        await workflow.execute_activity(name, start_to_close_timeout=timedelta(seconds=20), retry_policy=retry)


@activity.defn
async def ask_data() -> SignalHeard:
    """The DataAgent's step: away twice, then silent."""
    if activity.info().attempt < 3:
        raise LedgerUnavailable("away")
    return SignalHeard(answer=Abstention(cause="NoAnswer", reason="silent"))


@activity.defn
async def breaks() -> None:
    """A bug."""
    raise KeyError("mark")


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_tries_are_timed_by_how_they_ended_and_failures_named(temporal: WorkflowEnvironment) -> None:
    labels = {"agent": "DataAgent", "outcome": "failed"}
    before = value("trading_agent_latency_seconds_count", **labels)
    away = value("trading_activity_failures_total", activity="ask_data", error="LedgerUnavailable")
    silent = value("trading_agent_latency_seconds_count", agent="DataAgent", outcome="abstained")
    worker = Worker(
        temporal.client, task_queue="q", workflows=[Asks], activities=[ask_data, breaks], interceptors=[Metered()]
    )
    async with worker:
        await temporal.client.execute_workflow(Asks.run, "ask_data", id=uuid4().hex, task_queue="q")
        with pytest.raises(WorkflowFailureError):
            await temporal.client.execute_workflow(Asks.run, "breaks", id=uuid4().hex, task_queue="q")
    assert value("trading_agent_latency_seconds_count", **labels) - before == 2
    assert value("trading_activity_failures_total", activity="ask_data", error="LedgerUnavailable") - away == 2
    assert value("trading_agent_latency_seconds_count", agent="DataAgent", outcome="abstained") - silent == 1
    assert value("trading_activity_failures_total", activity="breaks", error="Unclassified") == 3


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (OrderRefused("no"), "OrderRefused"),
        (KeyError("x"), "Unclassified"),
        (ApplicationError("m", type="UnreadableResult"), "UnreadableResult"),
        (ApplicationError("m", type="whatever a stranger calls it"), "other"),
    ],
)
def test_names_of_failures_are_a_closed_set(error: Exception, name: str) -> None:
    assert error_name(error) == name
