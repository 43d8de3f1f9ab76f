"""The sandbox stays on, and a cycle survives a worker that forgets everything between two tasks."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from tests.fakes.model import ScriptedModel
from tests.rig import Ports, cycle, request, serving
from trading.docket import CycleOutcome

CLOCK = """
from datetime import datetime

from temporalio import workflow


@workflow.defn(failure_exception_types=[Exception])
class Planted:
    @workflow.run
    async def run(self) -> str:
        return datetime.now().isoformat()
"""


async def test_a_wall_clock_in_a_workflow_is_refused(
    temporal: WorkflowEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "planted_clock.py").write_text(CLOCK)
    monkeypatch.syspath_prepend(tmp_path)
    planted = importlib.import_module("planted_clock").Planted
    async with Worker(temporal.client, task_queue="planted", workflows=[planted]):
        handle = await temporal.client.start_workflow("Planted", id="planted", task_queue="planted")
        with pytest.raises(Exception) as failed:  # noqa: PT011  the cause says what it was
            await handle.result()
    assert "datetime.now" in str(failed.value.__cause__)


@pytest.mark.faults
async def test_a_cycle_ends_well_when_every_task_is_a_replay(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    ports = Ports.real(engine, sample_data).but(model=ScriptedModel())
    async with serving(temporal.client, ports, max_cached_workflows=0):
        report = await cycle(temporal.client, request("AAPL", "MSFT"))
    assert (report.outcome, report.findings) == (CycleOutcome.TRADED, ())
    assert [row.order_state for row in report.rows] == ["filled", "filled"]
