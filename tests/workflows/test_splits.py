"""The quarter-hourly look on the morning of a split: the workflow books it, and sends the stop in the new shares."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from tests.activities.ex_date import DESK, corrected, listed, on_paper, open_questions
from tests.rig import Ports, serving
from trading.differences import Case
from trading.reconciling import Reconciled, ReconciliationAsked
from workflows import policies
from workflows.reconciliation import Reconciliation


async def test_a_split_is_booked_and_its_stop_is_sent_by_the_next_reconciliation(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    desk = await on_paper(engine)
    entry = await desk.buy("10", stop="90", target="120")
    equity = await desk.equity()
    desk.market.listed = [listed(ratio="4")]
    ports = Ports.real(engine, sample_data).but(market=desk.market, broker=desk.broker)

    async def reconciled(name: str) -> Reconciled:
        asked = ReconciliationAsked(desk_id=DESK, reconciliation_id=f"{DESK}-{name}", trace_id="t")
        return await temporal.client.execute_workflow(
            Reconciliation.run, asked, id=asked.workflow_id, task_queue=policies.DESK_QUEUE
        )

    async with serving(temporal.client, ports):
        first, second = await reconciled("first"), await reconciled("second")
    assert (corrected(first), open_questions(first), first.state) == ([Case.SPLIT], [], None)
    assert [stop.client_order_id for stop in first.protection] == [f"{entry.client_order_id}-stop.2"]
    assert (second.differences, second.state, second.protection) == ((), None, ())
    assert (await desk.stops(), await desk.equity()) == ([("40", "22.50")], equity)
