"""All of a cycle, as a desk of the rules model lived it on real servers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from adapters.looking_up.tools import LookingUp, Places
from adapters.postgres.engine import transaction
from adapters.redaction import Redaction
from tests.adapters.looking_up.looking import look
from tests.fakes.faulty import Fault, Faulty
from tests.rig import Ports, cycle, request, serving
from trading.docket import CycleOutcome, CycleReport
from trading.errors import LedgerUnavailable
from trading.inquiry import MOST_RESULT, Tool
from trading.inquiry_views import View
from trading.ports import Ledger

MAIN = "main"


@pytest.mark.faults
async def test_a_cycle_is_told_whole_and_every_id_is_known(
    temporal: WorkflowEnvironment, engine: AsyncEngine, reader: AsyncEngine, sample_data: Path
) -> None:
    ports = Ports.real(engine, sample_data)
    fault = Fault("portfolio", 1, "before", "error", LedgerUnavailable)
    shaken = ports.but(ledger=cast("Ledger", Faulty(ports.ledger, [fault])))
    async with serving(temporal.client, shaken):
        first = await cycle(temporal.client, request("AAPL", "MSFT", "WMT", trace_id="trace-one"))
        second = await cycle(temporal.client, request(trace_id="trace-two"))
    tools = LookingUp(reader, Places(client=temporal.client), Redaction())
    assert second.outcome is CycleOutcome.TRADED
    told = await look(tools, Tool.GET_TRACE, desk_id=MAIN, trace_id="trace-one")
    lines = told.text.splitlines()
    assert any(line.startswith(f"workflow cycle/{first.cycle_id}: completed; ") for line in lines)
    assert "ask_data: 3 times" in told.text
    assert "completed at try 2: planned: call 1 of portfolio" in told.text
    assert "CycleStarted" in told.text
    assert second.cycle_id not in told.text

    whole = await look(tools, Tool.GET_TRACE, desk_id=MAIN, cycle_id=second.cycle_id)
    assert len(whole.text) <= MOST_RESULT
    for row in second.rows:
        if row.order_state == "filled":
            assert f"workflow {row.client_order_id}: completed" in whole.text
    assert "orders:" in whole.text
    assert "fills:" in whole.text
    assert "together" in whole.text
    assert await tools.known(MAIN, [*told.ids, *whole.ids]) == {*told.ids, *whole.ids}
    await decisions_name_who_said_what(tools, second)
    await the_books_then_are_the_marks_kept(tools, engine)


async def decisions_name_who_said_what(tools: LookingUp, report: CycleReport) -> None:
    where = [{"column": "cycle_id", "value": report.cycle_id}]
    decided = await look(tools, Tool.QUERY_VIEW, desk_id=MAIN, view=View.DECISIONS, where=where)  # type: ignore[arg-type]
    assert decided.rows == len(report.rows)
    filled = next(row.symbol for row in report.rows if row.order_state == "filled")
    line = next(each for each in decided.text.splitlines() if f" {filled} " in f" {each} ")
    assert "buy" in line
    assert "approved" in line
    assert "EXECUTE" in line
    assert "filled" in line


async def the_books_then_are_the_marks_kept(tools: LookingUp, engine: AsyncEngine) -> None:
    """The ledger marked its equity at the cycles; whoever folds the books later finds it so."""
    ledger = "SELECT marked_at, equity FROM equity_marks WHERE desk_id = 'main' ORDER BY marked_at DESC LIMIT 1"
    async with transaction(engine) as connection:
        row = (await connection.exec_driver_sql(ledger)).one()
    at, equity = row.marked_at, row.equity
    told = await look(tools, Tool.PORTFOLIO_AT, desk_id=MAIN, at=at.isoformat())
    assert f"= equity {equity} dollars" in told.text
    now = await look(tools, Tool.PORTFOLIO_AT, desk_id=MAIN, as_of=datetime.now(UTC) + timedelta(hours=1))
    assert f"= equity {equity} dollars" in now.text


async def test_a_workflow_that_temporal_no_longer_knows_is_a_line(
    temporal: WorkflowEnvironment, engine: AsyncEngine, reader: AsyncEngine
) -> None:
    from tests.activities.closing import DESK, a_desk  # noqa: PLC0415  only this test needs a desk by hand

    await a_desk(engine)
    tools = LookingUp(reader, Places(client=temporal.client), Redaction())
    told = await look(tools, Tool.GET_TRACE, desk_id=DESK, cycle_id="paper/cycle-1")
    assert "workflow cycle/paper/cycle-1: no history of it is kept" in told.text
    assert "fills:" in told.text
