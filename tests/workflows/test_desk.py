"""A desk on real servers: cycles through the whole house, one after the other, whatever is asked meanwhile."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from adapters.postgres.engine import application_engine
from embedded.postgres import PostgresServer
from tests.conftest import fresh_database
from tests.fakes import model
from tests.fakes.model import ScriptedModel
from tests.rig import Ports, ask, cycle, desk_of, findings, in_state, outcome, quiet, request, serving
from tests.workflows.conftest import Keep
from tests.workflows.waiting import PausedModel
from trading.agents.questions import Agent
from trading.breaker import TradingState
from trading.desk import DeskState, HaltAsked, PriceMoved, ResumeAsked, Waiting
from trading.docket import CycleOutcome
from trading.events import EventType
from workflows import policies
from workflows.trading_desk import TradingDesk


async def test_a_cycle_runs_from_prices_to_audited_books(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    ports = Ports.real(engine, sample_data)
    async with serving(temporal.client, ports):
        report = await cycle(temporal.client, request())
    assert report.outcome is CycleOutcome.TRADED, report
    assert [row.symbol for row in report.rows if row.order_state == "filled"]
    assert report.findings == await findings(ports) == ()


@pytest.mark.faults
async def test_cycles_asked_for_at_once_run_one_at_a_time_in_the_order_asked(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep
) -> None:
    ports = Ports.real(engine, sample_data).but(model=ScriptedModel({Agent.DATA: model.holds}))
    async with serving(temporal.client, ports):
        tickets = await asyncio.gather(*(ask(temporal.client, request("AAPL")) for _ in range(5)))
        reports = [await outcome(temporal.client, ticket) for ticket in tickets]
        desk = desk_of(temporal.client)
        lines = await desk.query(TradingDesk.cycles)
        state, breaker = await desk.query(TradingDesk.trading_state), await desk.query(TradingDesk.circuit_breaker)
        await keep("desk-five-at-once", desk)
    assert sorted(ticket.ahead for ticket in tickets) == [0, 1, 2, 3, 4]
    assert {report.outcome for report in reports} == {CycleOutcome.NO_SIGNALS}
    asked = sorted(tickets, key=lambda ticket: ticket.ahead)
    assert [line.cycle_id for line in lines] == [ticket.cycle_id for ticket in asked]
    runs = [await temporal.client.get_workflow_handle(ticket.workflow_id).describe() for ticket in asked]
    assert all(
        before.close_time is not None and before.close_time <= after.start_time for before, after in pairwise(runs)
    )
    assert (state, breaker.state) == (TradingState.ACTIVE, TradingState.ACTIVE)
    assert await findings(ports) == ()


@pytest.mark.faults
async def test_a_halted_desk_skips_cycles_until_it_is_resumed(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep
) -> None:
    ports = Ports.real(engine, sample_data).but(model=ScriptedModel())
    async with serving(temporal.client, ports):
        first = await cycle(temporal.client, request("AAPL"))
        desk = desk_of(temporal.client)
        await desk.signal(TradingDesk.halt, HaltAsked(reason="lunch", by="ann"))
        skipped = await cycle(temporal.client, request("MSFT"))
        breaker = await desk.query(TradingDesk.circuit_breaker)
        await desk.signal(TradingDesk.resume, ResumeAsked(reason="back"))
        last = await cycle(temporal.client, request("MSFT"))
        assert await desk.query(TradingDesk.trading_state) is TradingState.ACTIVE
        await keep("desk-halt-and-resume", desk)
        await keep("cycle-skipped-halted", temporal.client.get_workflow_handle(f"cycle/{skipped.cycle_id}"))
    assert [report.outcome for report in (first, skipped, last)] == [
        CycleOutcome.TRADED,
        CycleOutcome.SKIPPED,
        CycleOutcome.TRADED,
    ]
    assert (breaker.state, breaker.reason, breaker.changed_by) == (TradingState.HALTED, "lunch", "ann")
    assert "HALTED" in skipped.reason
    assert await findings(ports) == ()


@pytest.mark.faults
async def test_a_halt_in_the_middle_of_a_cycle_lets_no_order_out(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep
) -> None:
    paused = PausedModel(Agent.META)
    ports = Ports.real(engine, sample_data).but(model=paused)
    async with serving(temporal.client, ports):
        ticket = await ask(temporal.client, request("AAPL", "MSFT"))
        await paused.reached.wait()
        desk = desk_of(temporal.client)
        await desk.signal(TradingDesk.halt, HaltAsked(reason="stop everything"))
        await in_state(desk, TradingState.HALTED)
        paused.go_on.set()
        report = await outcome(temporal.client, ticket)
        after = await cycle(temporal.client, request("AAPL"))
        await keep("desk-halted-mid-cycle", desk)
        await keep("cycle-denied-at-intend", temporal.client.get_workflow_handle(ticket.workflow_id))
    assert [(row.symbol, row.order_state) for row in report.rows] == [("AAPL", "denied"), ("MSFT", "denied")]
    assert await ports.broker.orders("main") == ()
    assert after.outcome is CycleOutcome.SKIPPED
    kinds = [stored.event.type for stored in (await ports.ledger.books("main")).events]
    assert EventType.ORDER_INTENDED not in kinds
    assert kinds.count(EventType.ORDER_DENIED) == 2
    assert await findings(ports) == ()


@pytest.mark.faults
async def test_a_moved_price_asks_for_one_look_however_often_it_is_signalled(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep
) -> None:
    paused = PausedModel(Agent.DATA, {Agent.DATA: model.holds})
    ports = Ports.real(engine, sample_data).but(model=paused)
    async with serving(temporal.client, ports):
        await ask(temporal.client, request("IBM"))
        await paused.reached.wait()
        desk = desk_of(temporal.client)
        for symbol in ("AAPL", "MSFT", "AAPL", "AAPL", "MSFT"):
            await desk.signal(TradingDesk.price_moved, PriceMoved(symbol=symbol, percent=6.5, trace_id="feed-7"))
        await ask(temporal.client, request("CAT"))
        paused.go_on.set()
        await quiet(desk)
        lines = await desk.query(TradingDesk.cycles)
        await keep("desk-price-moved", desk)
        for line in lines:
            if line.trigger == "price_move":
                await keep("cycle-price-move", temporal.client.get_workflow_handle(f"cycle/{line.cycle_id}"))
    assert [(line.trigger, line.symbols) for line in lines] == [
        ("manual", ("IBM",)),
        ("price_move", ("AAPL",)),
        ("price_move", ("MSFT",)),
        ("manual", ("CAT",)),
    ]
    assert {line.outcome for line in lines} == {CycleOutcome.NO_SIGNALS}
    started = [s.event for s in (await ports.ledger.books("main")).events if s.event.type is EventType.CYCLE_STARTED]
    assert [(event.data["trigger"], event.trace_id) for event in started[1:3]] == [("price_move", "feed-7")] * 2


@pytest.mark.faults
async def test_a_full_desk_refuses_the_next_request_and_its_history_does_not_grow(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    paused = PausedModel(Agent.DATA, {Agent.DATA: model.holds})
    waiting = tuple(Waiting(cycle_id=f"c-{n}", request=request("IBM")) for n in range(policies.MOST_WAITING + 1))
    async with serving(temporal.client, Ports.real(engine, sample_data).but(model=paused)):
        desk = await temporal.client.start_workflow(
            TradingDesk.run,
            DeskState(desk_id="main", waiting=waiting),
            id="desk/main",
            task_queue=policies.DESK_QUEUE,
        )
        await paused.reached.wait()
        before = (await desk.describe()).history_length
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await ask(temporal.client, request("CAT"))
        await desk.signal(TradingDesk.price_moved, PriceMoved(symbol="CAT"))
        lines = await desk.query(TradingDesk.cycles)
        after = (await desk.describe()).history_length
    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type == "DeskFull"
    assert lines == []
    # The signal alone is an event, with the task that took it in.
    assert after - before <= 4


@pytest.mark.faults
async def test_the_gate_turns_away_the_future_and_holidays_unless_anytime_is_asked(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep
) -> None:
    thanksgiving = datetime(2016, 11, 24, 18, tzinfo=UTC)
    wishes = {
        "future": request("AAPL", as_of=datetime(2017, 11, 20, 21, tzinfo=UTC)),
        "holiday": request("AAPL", as_of=thanksgiving),
        "anytime": request("AAPL", as_of=datetime(2017, 11, 4, 18, tzinfo=UTC), anytime=True),
    }
    silent = ScriptedModel({Agent.DATA: model.holds})
    reports = {}
    async with serving(temporal.client, Ports.real(engine, sample_data).but(model=silent)):
        for name, wish in wishes.items():
            reports[name] = report = await cycle(temporal.client, wish)
            await keep(f"cycle-{name}", temporal.client.get_workflow_handle(f"cycle/{report.cycle_id}"))
    assert [report.outcome for report in reports.values()] == [
        CycleOutcome.SKIPPED,
        CycleOutcome.SKIPPED,
        CycleOutcome.NO_SIGNALS,
    ]
    assert "knows nothing after 2017-11-10" in reports["future"].reason
    assert "closed" in reports["holiday"].reason
    assert (reports["anytime"].in_session, len(silent.asked)) == (False, 1)


@pytest.mark.faults
async def test_two_desks_do_not_mix_their_books(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    ports = Ports.real(engine, sample_data).but(model=ScriptedModel())
    async with serving(temporal.client, ports):
        await asyncio.gather(
            cycle(temporal.client, request("AAPL"), "north"), cycle(temporal.client, request("MSFT"), "south")
        )
        await desk_of(temporal.client, "north").signal(TradingDesk.halt, HaltAsked(reason="only north"))
        south = await cycle(temporal.client, request("AAPL"), "south")
        north = await cycle(temporal.client, request("MSFT"), "north")
    assert (north.outcome, south.outcome) == (CycleOutcome.SKIPPED, CycleOutcome.TRADED)
    held = {desk: [p.symbol for p in (await ports.ledger.portfolio(desk)).positions] for desk in ("north", "south")}
    assert held == {"north": ["AAPL"], "south": ["AAPL", "MSFT"]}
    assert await findings(ports, "north") == await findings(ports, "south") == ()


@pytest.mark.faults  # ten seconds: four cycles of twelve symbols
async def test_the_same_run_on_a_fresh_desk_decides_and_records_the_same(
    temporal: WorkflowEnvironment, skipping: WorkflowEnvironment, postgres: PostgresServer, sample_data: Path
) -> None:
    told = []
    for environment in (temporal, skipping):
        engine = application_engine(await fresh_database(postgres))
        ports = Ports.real(engine, sample_data)
        async with serving(environment.client, ports):
            reports = [
                await cycle(environment.client, request(as_of=datetime(2017, 11, day, 21, tzinfo=UTC)))
                for day in (8, 10)
            ]
        stored = (await ports.ledger.books("main")).events
        rows = [row.model_copy(update={"client_order_id": None}) for report in reports for row in report.rows]
        told.append((rows, [(one.event.type, one.content_hash) for one in stored]))
        await engine.dispose()
    assert told[0] == told[1]
    assert any(row.order_state == "filled" for row in told[0][0])
