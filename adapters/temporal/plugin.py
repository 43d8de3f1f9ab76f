"""What every client, worker, test and replay of the desk shares: how records travel, and what wraps each activity."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from temporalio.plugin import SimplePlugin
from temporalio.worker import WorkerConfig, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from adapters.temporal.interceptors import Edges
from adapters.temporal.no_build import OfNoBuild
from adapters.temporal.records import RECORDS

# Passed through the sandbox: pure code of ours that `tests/test_house.py` keeps free of clocks and randomness, and
# third-party packages, which cost up to 170 ms of CPU a start otherwise.
PASSED_THROUGH = (
    "trading",
    "activities",
    "adapters.temporal.no_build",
    "workflows.inquiry_tables",
    "workflows.order_search",
    "workflows.policies",
    "workflows.search_attributes",
    "workflows.study_tables",
    "workflows.tables",
    "numpy",
    "talib",
    "structlog",
    "pydantic",
    "pydantic_core",
)
# The SDK holds heartbeats back for 80 % of their time-out: one beat a little late, on a busy machine, and a living
# worker's activity is given up and run beside itself.
HEARTBEATS_HELD_BACK = timedelta(milliseconds=250)


class DeskPlugin(SimplePlugin):
    """The same records, the same edge, the same sandbox, wherever the desk meets Temporal."""

    def __init__(self) -> None:
        super().__init__(
            "trading-desk",
            data_converter=RECORDS,
            interceptors=[Edges()],
            workflow_runner=_pass_through,
        )

    def configure_worker(self, config: WorkerConfig) -> WorkerConfig:
        """Let every heartbeat of the edge reach the server, and a worker of no build say none."""
        known = super().configure_worker({**config, "max_heartbeat_throttle_interval": HEARTBEATS_HELD_BACK})
        of = known.get("deployment_config")
        sandbox = known.get("workflow_runner")
        if isinstance(sandbox, SandboxedWorkflowRunner) and not (of and of.use_worker_versioning):
            known["workflow_runner"] = replace(sandbox, runner_class=OfNoBuild)
        return known


def _pass_through(runner: WorkflowRunner | None) -> WorkflowRunner:
    sandbox = runner if isinstance(runner, SandboxedWorkflowRunner) else SandboxedWorkflowRunner()
    return replace(sandbox, restrictions=sandbox.restrictions.with_passthrough_modules(*PASSED_THROUGH))
