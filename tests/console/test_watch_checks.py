"""Whether the watches go on, as the doctor sees it: one whose task no server takes stands still without a word."""

from __future__ import annotations

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.common import VersioningBehavior
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from console.check import Health, Unwell
from console.server_checks import MOST_TRIES, watches
from tests.rig import until

QUEUE = "watching"


@workflow.defn(name="AlertWatch", versioning_behavior=VersioningBehavior.AUTO_UPGRADE, sandboxed=False)
class Refused:
    """What the server takes of no worker without a build."""

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)


@pytest.mark.faults
async def test_a_watch_that_stands_still_is_warned_of(temporal: WorkflowEnvironment) -> None:
    client = temporal.client
    with pytest.raises(Unwell, match="nobody tells alerts"):
        await watches(client, "main")
    handle = await client.start_workflow(Refused.run, id="alerts/main", task_queue=QUEUE)
    assert await watches(client, "main") == "alerts"
    plain = await Client.connect(client.service_client.config.target_host, namespace=client.namespace)
    async with Worker(plain, task_queue=QUEUE, workflows=[Refused]):

        async def tried() -> bool:
            return (await handle.describe()).raw_description.pending_workflow_task.attempt > MOST_TRIES

        await until(tried)
        with pytest.raises(Unwell, match="alerts stands still") as said:
            await watches(client, "main")
    assert said.value.status is Health.WARN
    await handle.terminate()
    with pytest.raises(Unwell, match="nobody tells alerts"):
        await watches(client, "main")
