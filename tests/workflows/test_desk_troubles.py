"""What a desk outlives: cycles that break, books that cannot be written for a while, a history that grows too long."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from embedded.temporal import FAST
from tests.fakes import model
from tests.fakes.faulty import Fault, faulty
from tests.fakes.model import ScriptedModel
from tests.rig import SYMBOLS, Ports, ask, cycle, desk_of, findings, in_state, outcome, quiet, read, request, serving
from tests.servers import temporal_server
from tests.workflows.conftest import Keep
from tests.workflows.waiting import PausedModel
from trading.agents.questions import Agent
from trading.breaker import TradingState
from trading.desk import HaltAsked, PriceMoved, ResumeAsked
from trading.docket import CycleOutcome
from trading.errors import LedgerUnavailable
from trading.events import EventType
from trading.moves import Pace
from workflows.trading_desk import TradingDesk

# Every symbol is looked at once, however long the storm takes.
DAYLONG = Pace(cool_down_minutes=1440, most_a_day=100)
SHORT = ("limit.historyCount.suggestContinueAsNew=60", *FAST)


@pytest.fixture
async def impatient() -> AsyncIterator[WorkflowEnvironment]:
    """A Temporal server that suggests to continue as new after 60 events."""
    async with temporal_server(values=SHORT) as environment:
        yield environment


@pytest.mark.faults
async def test_a_desk_continues_as_new_and_loses_no_cycle_and_no_signal(
    impatient: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep
) -> None:
    client = impatient.client
    ports = Ports.real(engine, sample_data).but(model=ScriptedModel({Agent.DATA: model.holds}))
    async with serving(client, ports):
        first = await ask(client, request("AAPL"))
        run = (await desk_of(client).describe()).run_id
        tickets = [first]
        for symbol in ("IBM", "CAT", "GE"):
            tickets += await asyncio.gather(*(ask(client, request("AAPL")) for _ in range(3)))
            await desk_of(client).signal(TradingDesk.price_moved, PriceMoved(symbol=symbol))
            await desk_of(client).signal(TradingDesk.halt, HaltAsked(reason=f"halt for {symbol}"))
            await desk_of(client).signal(TradingDesk.resume, ResumeAsked(reason=f"resume for {symbol}"))
            await outcome(client, tickets[-1])
        await quiet(desk_of(client))
        lines = await desk_of(client).query(TradingDesk.cycles)
        runs = [found async for found in client.list_workflows("WorkflowType = 'TradingDesk'")]
        await keep("desk-continued-as-new", client.get_workflow_handle("desk/main", run_id=run))
        await keep("desk-continued-from-old", desk_of(client))
    assert len(runs) > 1
    assert {line.cycle_id for line in lines} >= {ticket.cycle_id for ticket in tickets}
    assert [line.symbols for line in lines if line.trigger == "price_move"] == [("IBM",), ("CAT",), ("GE",)]
    assert [int(line.cycle_id.rsplit("-", 1)[1]) for line in lines] == list(range(1, len(tickets) + 4))
    changes = [s.event.data for s in (await ports.ledger.books("main")).events if "State" in s.event.type]
    assert [change["state"] for change in changes] == [TradingState.HALTED, TradingState.ACTIVE] * 3
    assert await findings(ports) == ()


@pytest.mark.faults
@pytest.mark.parametrize("thousands", [3, pytest.param(20, marks=pytest.mark.soak)])
async def test_a_desk_under_thousands_of_signals_renews_itself_in_the_midst_of_a_cycle_and_loses_none(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, thousands: int
) -> None:
    client, desk = temporal.client, desk_of(temporal.client)
    paused = PausedModel(Agent.DATA, {Agent.DATA: model.holds})
    ports = Ports.real(engine, sample_data).but(model=paused)
    async with serving(client, ports):
        ticket = await ask(client, request("IBM"))
        await paused.reached.wait()
        for thousand in range(thousands):
            moved = [PriceMoved(symbol=SYMBOLS[number % len(SYMBOLS)], pace=DAYLONG) for number in range(998)]
            for first in range(0, len(moved), 50):
                await asyncio.gather(*(desk.signal(TradingDesk.price_moved, one) for one in moved[first : first + 50]))
            await desk.signal(TradingDesk.halt, HaltAsked(reason=f"halt {thousand}"))
            await desk.signal(TradingDesk.resume, ResumeAsked(reason=f"resume {thousand}"))
            await read(desk)
        await in_state(desk, TradingState.ACTIVE, f"resume {thousands - 1}")
        paused.go_on.set()
        report = await outcome(client, ticket)
        await quiet(desk)
        runs = [found async for found in client.list_workflows("WorkflowType = 'TradingDesk'")]
        histories = [await client.get_workflow_handle(one.id, run_id=one.run_id).fetch_history() for one in runs]
    assert report.outcome is CycleOutcome.NO_SIGNALS
    assert len(runs) > 1
    assert max(len(history.events) for history in histories) < 4000
    signals = Counter(
        event.workflow_execution_signaled_event_attributes.signal_name
        for history in histories
        for event in history.events
        if event.HasField("workflow_execution_signaled_event_attributes")
    )
    assert signals == {"price_moved": 998 * thousands, "halt": thousands, "resume": thousands}
    events = [stored.event for stored in (await ports.ledger.books("main")).events]
    changes = [event.data["reason"] for event in events if event.type is EventType.TRADING_STATE_CHANGED]
    assert changes == [f"{word} {number}" for number in range(thousands) for word in ("halt", "resume")]
    looked_at = [str(event.data["symbols"]) for event in events if event.type is EventType.CYCLE_STARTED]
    assert set(looked_at) == {str([symbol]) for symbol in SYMBOLS}
    assert await findings(ports) == ()


@pytest.mark.faults
async def test_a_cycle_that_cannot_even_say_its_end_is_ended_by_the_desk_which_goes_on(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep
) -> None:
    real = Ports.real(engine, sample_data)
    # Three tries at the start, and three at the end: a bug that nobody has classified.
    broken = faulty(real.ledger, *(Fault("record", call, "before", "error") for call in range(1, 7)))
    async with serving(temporal.client, real.but(ledger=broken, model=ScriptedModel())):
        ticket = await ask(temporal.client, request("AAPL"))
        after = await cycle(temporal.client, request("AAPL"))
        desk = desk_of(temporal.client)
        failed = (await desk.query(TradingDesk.cycles))[0]
        await keep("desk-failed-cycle", desk)
        await keep("cycle-failed-outright", temporal.client.get_workflow_handle(ticket.workflow_id))
    assert (failed.outcome, "planned" in failed.reason) == (CycleOutcome.FAILED, True)
    assert after.outcome is CycleOutcome.TRADED
    events = [s.event for s in (await real.ledger.books("main")).events if s.event.aggregate_id == ticket.cycle_id]
    assert [event.type for event in events] == [EventType.CYCLE_FAILED]


async def test_an_audit_that_cannot_be_done_is_a_finding(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep
) -> None:
    real = Ports.real(engine, sample_data)
    broken = faulty(real.broker, *(Fault("orders", call, "before", "error") for call in range(1, 4)))
    async with serving(temporal.client, real.but(broker=broken, model=ScriptedModel({Agent.DATA: model.holds}))):
        report = await cycle(temporal.client, request("AAPL"))
    await keep("cycle-unaudited", temporal.client.get_workflow_handle(f"cycle/{report.cycle_id}"))
    [finding] = report.findings
    assert (report.outcome, finding.invariant) == (CycleOutcome.NO_SIGNALS, "audit")


@pytest.mark.faults
@pytest.mark.parametrize("errors", [LedgerUnavailable, RuntimeError])
async def test_a_desk_outlives_books_that_cannot_be_read_or_written(
    skipping: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep, errors: type[Exception]
) -> None:
    """Neither a halt nor the end of a cycle may take the desk down with the cycles that wait."""
    real = Ports.real(engine, sample_data)
    calls = [(method, call) for method in ("open_desk", "change_state", "breaker") for call in range(1, 5)]
    sick = faulty(real.ledger, *(Fault(method, call, "before", "error", raises=errors) for method, call in calls))
    client = skipping.client
    async with serving(client, real.but(ledger=sick, model=ScriptedModel({Agent.DATA: model.holds}))):
        await cycle(client, request("AAPL"))
        desk = desk_of(client)
        await desk.signal(TradingDesk.halt, HaltAsked(reason="first"))
        await desk.signal(TradingDesk.resume, ResumeAsked(reason="second"))
        await in_state(desk, TradingState.ACTIVE, "second")
        assert (await cycle(client, request("AAPL"))).outcome is CycleOutcome.NO_SIGNALS
        assert (await desk.describe()).status is WorkflowExecutionStatus.RUNNING
        await keep(f"desk-sick-books-{errors.__name__.lower()}", desk)
    events = (await real.ledger.books("main")).events
    changes = [stored.event.data["reason"] for stored in events if "State" in stored.event.type]
    assert changes == ["first", "second"]
