"""The close of the day tells the desk's memory what its decisions came to."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from adapters.postgres.memory import PostgresMemory
from tests.activities.closing import DESK, MONDAY, TUESDAY, WEDNESDAY, a_desk, evening, market, trade
from tests.adapters.postgres.desk import NOON, buy, sell
from tests.rig import serving
from tests.trading.remembered import memory
from tests.workflows.test_closing import close, plugged
from trading.memory import Course, Outcome
from trading.memory_ports import EMBEDDING_SIZE

NO_WORDS = (0.0,) * (EMBEDDING_SIZE - 1) + (1.0,)
"""A meaning that nobody looks for."""


async def outcomes(remembering: PostgresMemory) -> dict[str, Outcome | None]:
    found = await remembering.find(DESK, ["bought", "vetoed"])
    return {one.setup.memory_id: one.outcome for one in found}


@pytest.mark.faults
async def test_the_close_resolves_what_has_ended_and_leaves_what_goes_on(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    """AAPL was bought at 100 on the Friday and sold at 103 on the Tuesday; a veto of the Friday goes on."""
    ledger = await a_desk(engine, sells=False)
    remembering = PostgresMemory(engine)
    decided: dict[str, Any] = {"desk_id": DESK, "decided_at": NOON, "stop": None, "target": None}
    kept = [
        memory("bought", order_id=buy().client_order_id, **decided),
        memory("vetoed", decided="0", course=Course.FORGONE, order_id=None, **decided),
    ]
    await remembering.remember(kept, [NO_WORDS] * 2, "none")
    async with serving(temporal.client, plugged(engine, sample_data, market(MONDAY))):
        await close(temporal.client, "monday")
        assert set((await outcomes(remembering)).values()) == {None}
    await trade(ledger, sell(quantity="100"), "100", "103", TUESDAY)
    async with serving(temporal.client, plugged(engine, sample_data, market(WEDNESDAY))):
        await close(temporal.client, "wednesday")
    found = await outcomes(remembering)
    assert found["vetoed"] is None
    got = found["bought"]
    assert got is not None
    assert (got.course, got.exit_reason, got.pnl, got.sessions) == (Course.TRADED, "exit", Decimal("298.00"), 2)
    assert (got.closed_at.date(), got.resolved_at) == (TUESDAY, evening(WEDNESDAY))
    # By closes: 101, 103, and the 103 that it was sold at.
    assert [got.return_fraction, got.best, got.worst] == pytest.approx([0.0298, 0.03, 0.0])
