"""What Temporal's native library says is a line of our log, in the form that was asked for."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.common import VersioningBehavior
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from adapters import logs
from adapters.redaction import Redaction
from adapters.temporal import speaking
from tests.rig import until


@workflow.defn(versioning_behavior=VersioningBehavior.AUTO_UPGRADE, sandboxed=False)
class Refused:
    """What the server takes of no worker without a build; the library warns of it."""

    @workflow.run
    async def run(self) -> None:
        pass


async def test_a_warning_of_the_library_is_a_line_like_any_other(
    temporal: WorkflowEnvironment, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    file = tmp_path / "desk.jsonl"
    logs.write_also(file, Redaction(["versioned mode"]))
    try:
        address = temporal.client.service_client.config.target_host
        client = await Client.connect(address, namespace=temporal.client.namespace, runtime=speaking.runtime())
        async with Worker(client, task_queue="refused", workflows=[Refused]):
            handle = await client.start_workflow(Refused.run, id="refused", task_queue="refused")

            async def said() -> bool:
                return "versioning behavior" in file.read_text()

            await until(said)
            await handle.terminate()
    finally:
        for handler in set(root.handlers) - set(before):
            root.removeHandler(handler)
            handler.close()
        root.setLevel(level)
    [line, *_] = [
        each for each in map(json.loads, file.read_text().splitlines()) if "versioning behavior" in each["event"]
    ]
    assert line["level"] == "warning"
    assert "versioned mode" not in file.read_text(), "masked like any other"
    assert "versioning behavior" not in capfd.readouterr().err
