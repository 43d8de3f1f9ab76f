"""What waits in Temporal's task queues, for how long, and who serves them: also those that nobody serves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from prometheus_client.core import GaugeMetricFamily, Metric
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from adapters.temporal.pulse import LOOK_TIMEOUT, POLL_AGE

_KINDS = {
    "workflow": TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    "activity": TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
}


class QueueLook(NamedTuple):
    """One queue for one kind of task: tasks that wait, the age of the oldest in seconds, and the workers that poll."""

    queue: str
    kind: str
    backlog: int
    age_seconds: float
    pollers: int


async def look_at_queues(client: Client, queues: Sequence[str]) -> list[QueueLook]:
    """Every queue for both kinds of task. Raises RPCError."""
    return list(await asyncio.gather(*(_look(client, queue, kind) for queue in queues for kind in _KINDS)))


async def _look(client: Client, queue: str, kind: str) -> QueueLook:
    asked = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=queue),
        task_queue_type=_KINDS[kind],
        report_stats=True,
    )
    found = await client.workflow_service.describe_task_queue(asked, timeout=LOOK_TIMEOUT)
    oldest = datetime.now(UTC) - POLL_AGE
    polling = {each.identity for each in found.pollers if each.last_access_time.ToDatetime(UTC) >= oldest}
    age = found.stats.approximate_backlog_age.ToTimedelta().total_seconds()
    return QueueLook(queue, kind, found.stats.approximate_backlog_count, max(0.0, age), len(polling))


def of_queues(looks: Sequence[QueueLook]) -> Iterator[Metric]:
    """Each of the numbers for each queue and kind of task."""
    backlog = GaugeMetricFamily("trading_queue_backlog_tasks", "Tasks that wait for a worker.", labels=_LABELS)
    age = GaugeMetricFamily("trading_queue_lag_seconds", "How long the oldest of them has waited.", labels=_LABELS)
    pollers = GaugeMetricFamily("trading_queue_pollers", "Workers that ask for such tasks.", labels=_LABELS)
    for one in looks:
        for family, value in ((backlog, one.backlog), (age, one.age_seconds), (pollers, one.pollers)):
            family.add_metric([one.queue, one.kind], value)
    yield from (backlog, age, pollers)


_LABELS = ["queue", "kind"]
