"""The job that makes Temporal's namespace, run by a real shell on a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.testing import WorkflowEnvironment

from tests.deploy.rules import ROOT
from workflows import search_attributes

SCRIPTS = ROOT / "deploy" / "temporal"


def run(script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(SCRIPTS / script)],
        env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": "/nonexistent", **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_the_namespace_is_made_with_all_that_cycles_are_found_by(temporal: WorkflowEnvironment) -> None:
    address = temporal.client.service_client.config.target_host
    for _ in range(2):  # a second run finds all of it there
        done = run("namespace.sh", TEMPORAL_ADDRESS=address, TEMPORAL_NAMESPACE="another")
        assert done.returncode == 0, done.stderr
    keys = (*search_attributes.KEYWORDS, *search_attributes.KEYWORD_LISTS)
    listed = await temporal.client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace="another")
    )
    assert {key.name: key.indexed_value_type.value for key in keys} == dict(listed.custom_attributes)
    found = await temporal.client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace="another"))
    assert found.config.workflow_execution_retention_ttl.ToTimedelta().days == 90


@pytest.mark.parametrize("script", sorted(path.name for path in SCRIPTS.glob("*.sh")))
def test_every_script_is_one_that_a_plain_shell_can_read(script: str) -> None:
    assert subprocess.run(["/bin/sh", "-n", str(SCRIPTS / script)], check=False).returncode == 0
