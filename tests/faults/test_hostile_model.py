"""A hostile model on real Temporal: 200 cycles of a desk that it means to ruin, and no invariant broken."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from tests.fakes.hostile import HostileModel
from tests.rig import Ports, cycle, findings, request, serving
from trading.docket import CycleOutcome

SYMBOLS = ("AAPL", "CAT", "JPM", "MSFT")


@pytest.mark.faults
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("cycles", [20, pytest.param(200, marks=pytest.mark.soak)])
async def test_a_hostile_model_breaks_no_invariant_on_temporal(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, cycles: int
) -> None:
    outcomes: list[CycleOutcome] = []
    for desk in range(cycles // 10):
        ports = Ports.real(engine, sample_data).but(model=HostileModel(desk, errors=False))
        async with serving(temporal.client, ports):
            for number in range(10):
                asked = request(*SYMBOLS, trace_id=f"hostile-{desk}-{number}")
                report = await cycle(temporal.client, asked, f"desk-{desk}")
                assert report.findings == (), f"desk {desk}, cycle {number}"
                outcomes.append(report.outcome)
        assert await findings(ports, f"desk-{desk}") == ()
    assert len(outcomes) == cycles
    assert CycleOutcome.TRADED in outcomes
