"""What every client, worker, test and replay of the desk shares: how records travel, and what wraps each activity."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from temporalio.plugin import SimplePlugin
from temporalio.worker import WorkerConfig, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from adapters.temporal.interceptors import Edges
from adapters.temporal.records import RECORDS
from adapters.temporal.unversioned import Unversioned

# Passed through the sandbox: pure code of ours that `tests/test_house.py` keeps free of clocks and randomness, and
# third-party packages, which cost up to 170 ms of CPU a start otherwise.
PASSED_THROUGH = (
    "trading",
    "activities",
    "adapters.temporal.unversioned",
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
        """Let every heartbeat of the edge reach the server, and a worker without a build say nothing of builds."""
        made = super().configure_worker({**config, "max_heartbeat_throttle_interval": HEARTBEATS_HELD_BACK})
        builds, runner = made.get("deployment_config"), made.get("workflow_runner")
        if isinstance(runner, SandboxedWorkflowRunner) and not (builds and builds.use_worker_versioning):
            made["workflow_runner"] = replace(runner, runner_class=Unversioned)
        return made


def _pass_through(runner: WorkflowRunner | None) -> WorkflowRunner:
    sandbox = runner if isinstance(runner, SandboxedWorkflowRunner) else SandboxedWorkflowRunner()
    return replace(sandbox, restrictions=sandbox.restrictions.with_passthrough_modules(*PASSED_THROUGH))
