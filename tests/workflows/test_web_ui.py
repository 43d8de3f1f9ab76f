"""What Temporal's own tools see of the desk: search attributes, summaries, details, and its command line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from tests.fakes.model import ScriptedModel
from tests.rig import Ports, cycle, desk_of, in_state, request, serving, until
from tests.servers import temporal_cli
from tests.strategies import holding, with_strategies
from trading.breaker import TradingState
from trading.docket import CycleReport
from workflows.trading_cycle import TradingCycle


@pytest.fixture
async def traded(temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path) -> AsyncIterator[CycleReport]:
    """One cycle that traded two symbols, its worker still serving."""
    ports = Ports.real(engine, sample_data).but(model=ScriptedModel())
    async with serving(temporal.client, ports):
        await with_strategies(temporal.client, ports, holding("momentum", source="agents", allocation="0.5"))
        yield await cycle(temporal.client, request("AAPL", "MSFT", strategy_id="momentum", trace_id="trace-42"))


async def test_cycles_are_found_by_everything_a_person_would_search_for(
    temporal: WorkflowEnvironment, traded: CycleReport
) -> None:
    searches = (
        "DeskId = 'main'",
        "StrategyId = 'momentum'",
        "CycleTrigger = 'manual'",
        "CycleOutcome = 'traded'",
        "Symbols = 'MSFT'",
        "TraceId = 'trace-42'",
    )
    for search in searches:
        found = await _found(temporal.client, f"{search} AND WorkflowType = 'TradingCycle'")
        assert found == [f"cycle/{traded.cycle_id}"], search
    orders = sorted(f"{traded.cycle_id}-{symbol}-buy-entry" for symbol in ("AAPL", "MSFT"))
    found = await _found(temporal.client, "TraceId = 'trace-42' AND WorkflowType = 'OrderExecution'", least=2)
    assert sorted(found) == orders, "and its orders with it"
    assert await _found(temporal.client, "Symbols = 'IBM'", least=0) == []
    assert "desk/main" in await _found(temporal.client, "DeskId = 'main' AND WorkflowType = 'TradingDesk'")


async def test_every_step_and_workflow_says_what_it_is_about(
    temporal: WorkflowEnvironment, traded: CycleReport
) -> None:
    handle = temporal.client.get_workflow_handle_for(TradingCycle.run, f"cycle/{traded.cycle_id}")
    events = (await handle.fetch_history()).events
    summaries = [json.loads(event.user_metadata.summary.data) for event in events if event.HasField("user_metadata")]
    assert {"gate", "mark to market", "DataAgent: AAPL", "RiskManager: 2 proposals", "MetaAgent: 2 candidates"} <= {
        *summaries
    }
    steps = [event for event in events if event.HasField("activity_task_scheduled_event_attributes")]
    assert all(event.HasField("user_metadata") for event in steps)
    assert await handle.query(TradingCycle.progress) == "traded"
    assert await handle.query(TradingCycle.decisions) == traded.rows
    described = await handle.describe()
    assert await described.static_summary() == "manual: AAPL, MSFT"

    async def told() -> bool:
        details = str(await desk_of(temporal.client).query("__temporal_workflow_metadata"))
        return "**ACTIVE**" in details and f"{traded.cycle_id}: traded" in details

    await until(told)
    table = str(await handle.query("__temporal_workflow_metadata"))
    assert "| AAPL |" in table
    assert "filled" in table


async def test_temporals_own_command_line_reads_and_halts_the_desk(
    temporal: WorkflowEnvironment, traded: CycleReport
) -> None:
    address = temporal.client.service_client.config.target_host
    query = ("workflow", "query", "--workflow-id", "desk/main", "--type")
    state = await temporal_cli(address, *query, "trading_state")
    assert "ACTIVE" in state
    halt = ("--name", "halt", "--input", '{"reason": "by hand", "by": "the command line"}')
    await temporal_cli(address, "workflow", "signal", "--workflow-id", "desk/main", *halt)
    desk = desk_of(temporal.client)
    await in_state(desk, TradingState.HALTED)
    breaker = await temporal_cli(
        address, "workflow", "query", "--workflow-id", "desk/main", "--type", "circuit_breaker"
    )
    assert "by hand" in breaker
    wish = ("--name", "run_cycle", "--input", '{"symbols": ["AAPL"], "trace_id": "by-hand"}')
    ticket = await temporal_cli(address, "workflow", "update", "execute", "--workflow-id", "desk/main", *wish)
    assert "cycle/main-" in ticket


async def _found(client: Client, search: str, least: int = 1) -> list[str]:
    """Workflows that a search finds; the index is a moment behind the server."""
    for _ in range(100):
        found = [execution.id async for execution in client.list_workflows(search)]
        if len(found) >= least:
            return found
        await asyncio.sleep(0.05)
    return []
