"""Whether a worker is at work, told by a file: it is touched while Temporal knows this process as a poller.

A process that hangs, has lost its server or serves nothing any more leaves the file to grow old; a container's
health check asks for its age.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

FIRST_BEAT_SECONDS, BEAT_SECONDS = 0.5, 15.0
LOOK_TIMEOUT = timedelta(seconds=3)
# A worker with nothing to do asks for work again at least once a minute; one that has not for longer is gone.
POLL_AGE = timedelta(seconds=75)

log = structlog.get_logger()


@contextlib.asynccontextmanager
async def beating(client: Client, queues: Sequence[str], file: Path | None) -> AsyncIterator[None]:
    """Keep the file young while this process polls all of these queues; it is gone before and after. None: no file."""
    if file is None:
        yield
        return
    _end(file)
    beat = asyncio.create_task(_beat(client, queues, file))
    try:
        yield
    finally:
        beat.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beat
        _end(file)


async def serves(client: Client, queues: Sequence[str]) -> bool:
    """Whether Temporal knows this client as a poller of each of these queues. Raises RPCError."""
    activities = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY
    return all([client.identity in await pollers(client, queue, activities) for queue in queues])


async def pollers(client: Client, queue: str, kind: TaskQueueType.ValueType) -> set[str]:
    """Who has asked this queue for work lately, by the identity of the client. Raises RPCError."""
    return {each.identity for each in await living(client, queue, kind)}


async def living(client: Client, queue: str, kind: TaskQueueType.ValueType) -> list[PollerInfo]:
    """Everybody who has asked this queue for work lately, with its build. Raises RPCError."""
    asked = DescribeTaskQueueRequest(namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind)
    found = await client.workflow_service.describe_task_queue(asked, timeout=LOOK_TIMEOUT)
    oldest = datetime.now(UTC) - POLL_AGE
    return [each for each in found.pollers if each.last_access_time.ToDatetime(UTC) >= oldest]


async def _beat(client: Client, queues: Sequence[str], file: Path) -> None:
    pause = FIRST_BEAT_SECONDS
    while True:
        try:
            if await serves(client, queues):
                _touch(file)
                pause = BEAT_SECONDS
        except RPCError as error:
            log.warning("health unknown", reason=error.message)
        await asyncio.sleep(pause)


def _touch(file: Path) -> None:
    file.touch()


def _end(file: Path) -> None:
    file.unlink(missing_ok=True)
