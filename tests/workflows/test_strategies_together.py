"""A desk of several strategies on real servers: none waits for another, whatever becomes of the desk meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from tests.fakes import model
from tests.rig import Ports, ask, cycle, desk_of, findings, outcome, quiet, request, serving, until
from tests.strategies import holding, with_strategies
from tests.workflows.waiting import PausedModel
from trading.agents.questions import Agent
from trading.desk import PriceMoved
from trading.docket import CycleOutcome
from trading.events import EventType
from trading.moves import Pace
from workflows import policies
from workflows.trading_desk import TradingDesk

HOLDER = holding("holder", "MSFT", "INTC")
SECOND = holding("second", source="agents", parameters={})


@pytest.mark.faults
async def test_a_cycle_that_takes_long_keeps_no_other_strategy_waiting_but_its_own(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    paused = PausedModel(Agent.DATA, {Agent.DATA: model.holds})
    ports = Ports.real(engine, sample_data).but(model=paused)
    async with serving(temporal.client, ports):
        await with_strategies(temporal.client, ports, HOLDER)
        long = await ask(temporal.client, request("AAPL"))
        await paused.reached.wait()
        after = await ask(temporal.client, request("AAPL"))
        bought = await cycle(temporal.client, request("MSFT", "INTC", strategy_id="holder"))
        lines = await desk_of(temporal.client).query(TradingDesk.cycles)
        begun = [(line.strategy_id, line.started_at is not None) for line in lines]
        paused.go_on.set()
        reports = [await outcome(temporal.client, ticket) for ticket in (long, after)]
        await quiet(desk_of(temporal.client))
    assert begun == [("agents", True), ("agents", False), ("holder", True)]
    assert (after.ahead, bought.outcome) == (1, CycleOutcome.TRADED), bought
    assert [report.outcome for report in reports] == [CycleOutcome.NO_SIGNALS] * 2, reports
    assert await findings(ports) == ()


async def test_a_desk_that_continues_as_new_with_several_under_way_sees_each_to_its_end(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    client, desk = temporal.client, desk_of(temporal.client)
    paused = PausedModel(Agent.DATA, {Agent.DATA: model.holds})
    ports = Ports.real(engine, sample_data).but(model=paused)
    async with serving(client, ports):
        await with_strategies(client, ports, SECOND, HOLDER)
        slow = [await ask(client, request("AAPL", strategy_id=name)) for name in ("agents", "second", "second")]
        await paused.reached.wait()
        first = (await desk.describe()).run_id
        for _ in range(2 * policies.MOST_HISTORY // 50):
            await asyncio.gather(*(desk.signal(TradingDesk.books_changed) for _ in range(50)))

        async def renewed() -> bool:
            return (await desk.describe()).run_id != first

        await until(renewed)
        assert (await cycle(client, request("MSFT", strategy_id="holder"))).outcome is CycleOutcome.TRADED
        paused.go_on.set()
        reports = [await outcome(client, ticket) for ticket in slow]
        await quiet(desk)
        lines = await desk.query(TradingDesk.cycles)
    assert {report.outcome for report in reports} == {CycleOutcome.NO_SIGNALS}
    assert Counter((line.strategy_id, line.outcome) for line in lines) == {
        ("agents", CycleOutcome.NO_SIGNALS): 1,
        ("second", CycleOutcome.NO_SIGNALS): 2,
        ("holder", CycleOutcome.TRADED): 1,
    }
    assert await findings(ports) == ()


@pytest.mark.faults
async def test_cycles_that_break_off_under_two_runs_of_a_desk_are_each_said_once(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    client, desk = temporal.client, desk_of(temporal.client)
    paused = PausedModel(Agent.DATA, {Agent.DATA: model.holds})
    ports = Ports.real(engine, sample_data).but(model=paused)
    async with serving(client, ports):
        await with_strategies(client, ports, SECOND)
        tickets = [await ask(client, request("AAPL", strategy_id=name)) for name in ("agents", "second")]
        await paused.reached.wait()
        first = (await desk.describe()).run_id
        for _ in range(2 * policies.MOST_HISTORY // 50):
            await asyncio.gather(*(desk.signal(TradingDesk.books_changed) for _ in range(50)))

        async def renewed() -> bool:
            return (await desk.describe()).run_id != first

        await until(renewed)
        for ticket in tickets:
            await client.get_workflow_handle(ticket.workflow_id).terminate("by force")
        await quiet(desk)
        paused.go_on.set()
        assert (await cycle(client, request("AAPL", strategy_id="second"))).outcome is CycleOutcome.NO_SIGNALS
    events = [stored.event for stored in (await ports.ledger.books("main")).events]
    failed = [event.aggregate_id for event in events if event.type is EventType.CYCLE_FAILED]
    assert sorted(failed) == sorted(ticket.cycle_id for ticket in tickets)


async def test_a_move_is_looked_at_by_every_strategy_that_it_names(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    paused = PausedModel(Agent.DATA, {Agent.DATA: model.holds})
    ports = Ports.real(engine, sample_data).but(model=paused)
    pace = Pace(cool_down_minutes=60, most_a_day=1)
    told = PriceMoved(symbol="MSFT", percent=6, moved_at=datetime.now(UTC), pace=pace, strategies=("agents", "holder"))
    async with serving(temporal.client, ports):
        await with_strategies(temporal.client, ports, HOLDER)
        desk = desk_of(temporal.client)
        for _ in range(3):
            await desk.signal(TradingDesk.price_moved, told)
        await paused.reached.wait()

        async def bought() -> bool:
            lines = await desk.query(TradingDesk.cycles)
            return any(line.strategy_id == "holder" and line.outcome is CycleOutcome.TRADED for line in lines)

        await until(bought)
        paused.go_on.set()
        await quiet(desk)
        lines = await desk.query(TradingDesk.cycles)
    assert [(line.strategy_id, line.trigger, line.symbols) for line in lines] == [
        ("agents", "price_move", ("MSFT",)),
        ("holder", "price_move", ("MSFT",)),
    ]
