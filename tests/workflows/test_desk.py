"""A desk on real servers: cycles through the whole house, one after the other."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from tests.rig import Ports, cycle, findings, request, serving
from trading.docket import CycleOutcome


async def test_a_cycle_runs_from_prices_to_audited_books(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    ports = Ports.real(engine, sample_data)
    async with serving(temporal.client, ports):
        report = await cycle(temporal.client, request())
    assert report.outcome is CycleOutcome.TRADED, report
    assert [row.symbol for row in report.rows if row.order_state == "filled"]
    assert report.findings == await findings(ports) == ()
    print(report.model_dump_json(indent=1))
