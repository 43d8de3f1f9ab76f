"""The Temporal development server: the real one of the `temporal` program, on a file, with its Web UI."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import psutil
from google.protobuf.duration_pb2 import Duration
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from embedded.errors import EmbeddedError
from embedded.home import Home
from embedded.ports import LOOPBACK
from embedded.processes import Command, end, end_leftovers, processes_where, spawn, until_ready

NAMESPACE = "trading"
RETENTION = timedelta(days=90)
FAST = (
    # One shard polls its queues 20 times a second by default: each workflow task would wait for a 50 ms slot,
    "history.transferProcessorMaxPollRPS=10000",
    "history.timerProcessorMaxPollRPS=10000",
    "history.visibilityProcessorMaxPollRPS=10000",
    # and timers would fire on a grid of one second.
    'history.timerProcessorMaxTimeShift="1ms"',
)
TIME_SKIPPING = ("frontend.WorkflowTimeSkippingEnabled=true", "frontend.WorkflowTimeSkippingMaxSkipPerSession=100000")


class TemporalServer:
    """One server on `HOME/temporal.db`: started, stopped, or killed and started again at the same address.

    `ui_port` None runs it without the Web UI; `time_skipping` lets tests move a workflow's clock.
    """

    name = "temporal"

    def __init__(self, home: Home, port: int, *, ui_port: int | None = None, time_skipping: bool = False) -> None:
        self.address = f"{LOOPBACK}:{port}"
        self.ui_url = f"http://{LOOPBACK}:{ui_port}" if ui_port else None
        self._file = home.temporal
        self._process: subprocess.Popen[bytes] | None = None
        self._command = Command(
            name=self.name,
            argv=(_program(), *_arguments(home.temporal, port, ui_port, time_skipping=time_skipping)),
            log=home.log_of(self.name),
            death_signal=signal.SIGTERM,
        )

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    async def start(self) -> None:
        """Start it and wait until its namespace answers; `ServerFailed` when it does not.

        Whatever still holds its file is ended first: two servers on one file would both write to it.
        """
        await end_leftovers(self.name, self._others, signal.SIGTERM)
        self._process = spawn(self._command)
        await until_ready(self._command, self._process, self._answers)
        client = await Client.connect(self.address, namespace=NAMESPACE)
        await _keep_histories(client)

    async def stop(self) -> None:
        """Ask it to end, and see that it does."""
        await end(self._process, signal.SIGTERM)

    async def kill(self) -> None:
        """End it as a crash would."""
        await end(self._process, signal.SIGKILL)

    async def _answers(self) -> bool:
        try:
            client = await Client.connect(self.address, namespace=NAMESPACE)
            await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=NAMESPACE))
        except (RPCError, RuntimeError):  # RuntimeError is how the client says that nobody listens
            return False
        return True

    def _others(self) -> list[psutil.Process]:
        option = ("--db-filename", str(self._file))
        return processes_where(lambda process: option in pairwise(process.cmdline()))


def _program() -> str:
    beside = Path(sys.executable).with_name("temporal")
    found = str(beside) if beside.exists() else shutil.which("temporal")
    if found is None:
        raise EmbeddedError("the program `temporal` is not installed: run `make run`, or install requirements.lock")
    return found


def _arguments(file: Path, port: int, ui_port: int | None, *, time_skipping: bool) -> list[str]:
    values = FAST + (TIME_SKIPPING if time_skipping else ())
    return [
        *("server", "start-dev", "--ip", LOOPBACK, "--port", str(port), "--namespace", NAMESPACE),
        *(("--ui-port", str(ui_port), "--ui-disable-news-fetch") if ui_port else ("--headless",)),
        *("--db-filename", str(file), "--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL"),
        *("--log-level", "warn", "--disable-config-env", "--disable-config-file"),
        *(part for value in values for part in ("--dynamic-config-value", value)),
    ]


async def _keep_histories(client: Client) -> None:
    """Keep closed workflows for 90 days: the server's own idea is one."""
    lasting = Duration()
    lasting.FromTimedelta(RETENTION)
    config = NamespaceConfig(workflow_execution_retention_ttl=lasting)
    await client.workflow_service.update_namespace(UpdateNamespaceRequest(namespace=NAMESPACE, config=config))
