"""Leaving the market on a person's word, and the quarter-hourly look at the broker's account."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from adapters.paper_broker import PaperTerms
from tests.fakes import model
from tests.fakes.faulty import Fault, Faulty
from tests.fakes.model import ScriptedModel
from tests.rig import Ports, ask, cycle, desk_of, findings, in_state, outcome, quiet, request, serving, until
from tests.workflows.conftest import Keep
from trading.agents.questions import Agent
from trading.breaker import TradingState
from trading.desk import HaltAsked, ResumeAsked
from trading.docket import CycleOutcome
from trading.events import EventType
from trading.orders import OPEN, Leg, OrderState
from trading.ports import Broker, Ledger
from trading.reconciling import Reconciled, ReconciliationAsked
from workflows import policies
from workflows.reconciliation import Reconciliation
from workflows.trading_desk import TradingDesk

PROTECTED = {Agent.DATA: model.buys("10", stop=1.0, target=100000.0)}

ALERT = EventType.ALERT_RAISED


async def held(ports: Ports) -> dict[str, Decimal]:
    portfolio = await ports.ledger.portfolio("main")
    return {position.symbol: position.quantity for position in portfolio.positions if position.quantity}


async def still_open(ports: Ports) -> list[str]:
    orders = (await ports.ledger.books("main")).orders
    return [order.request.client_order_id for order in orders if order.state in OPEN]


async def exits(ports: Ports) -> list[tuple[str, str]]:
    orders = (await ports.ledger.books("main")).orders
    return [(order.request.symbol, order.state) for order in orders if order.request.leg is Leg.EXIT]


async def reconciled(client: Client, number: int = 1) -> Reconciled:
    asked = ReconciliationAsked(desk_id="main", reconciliation_id=f"main-asked-{number}", trace_id="trace-1")
    return await client.execute_workflow(
        Reconciliation.run, asked, id=asked.workflow_id, task_queue=policies.DESK_QUEUE
    )


async def test_a_halt_that_flattens_cancels_what_rests_then_sells_what_is_held_once(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep
) -> None:
    ports = Ports.real(engine, sample_data).but(model=ScriptedModel(PROTECTED))
    async with serving(temporal.client, ports):
        await cycle(temporal.client, request("AAPL", "MSFT"))
        assert len(await still_open(ports)) == 4
        desk = desk_of(temporal.client)
        for _ in range(2):
            await desk.signal(TradingDesk.halt, HaltAsked(reason="away for a week", flatten=True))
        await in_state(desk, TradingState.HALTED, "away for a week")

        async def flat() -> bool:
            return not await held(ports)

        await until(flat)
        await keep("desk-flattened", desk)
        again = await cycle(temporal.client, request("AAPL"))
    assert await exits(ports) == [("AAPL", "filled"), ("MSFT", "filled")]
    assert await still_open(ports) == []
    assert again.outcome is CycleOutcome.SKIPPED
    assert await findings(ports) == ()


async def test_a_second_word_while_the_first_is_being_written_starts_no_second_sale(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    """Each is written in a second of its own: two names, and the later would cancel what the former sells."""
    real = Ports.real(engine, sample_data).but(model=ScriptedModel(PROTECTED))
    slow = Faulty(real.ledger, [Fault("change_state", call, "after", "delay", seconds=1.1) for call in (1, 2)])
    ports = real.but(ledger=cast("Ledger", slow))
    async with serving(temporal.client, ports):
        await cycle(temporal.client, request("AAPL"))
        desk = desk_of(temporal.client)
        for _ in range(2):
            await desk.signal(TradingDesk.halt, HaltAsked(reason="away for a week", flatten=True))
        await in_state(desk, TradingState.HALTED, "away for a week")
        history = await desk.fetch_history()
    children = [
        event.start_child_workflow_execution_initiated_event_attributes.workflow_type.name for event in history.events
    ]
    assert children.count("StandDown") == 1
    assert await exits(real) == [("AAPL", "filled")]


@pytest.mark.faults
async def test_a_halt_may_cancel_what_rests_and_leave_what_is_held(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    ports = Ports.real(engine, sample_data).but(model=ScriptedModel(PROTECTED))
    async with serving(temporal.client, ports):
        await cycle(temporal.client, request("AAPL"))
        desk = desk_of(temporal.client)
        await desk.signal(TradingDesk.halt, HaltAsked(reason="no orders", cancel_orders=True))

        async def cancelled() -> bool:
            return not await still_open(ports)

        await until(cancelled)
    assert await held(ports) == {"AAPL": Decimal(10)}
    # What it was bought with is gone on a person's word: the audit says that it stands bare, and nothing else.
    assert {finding.invariant for finding in await findings(ports)} == {"P1"}


@pytest.mark.faults
async def test_a_stop_that_is_gone_is_made_again_by_the_next_look(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep
) -> None:
    ports = Ports.real(engine, sample_data).but(model=ScriptedModel(PROTECTED))
    async with serving(temporal.client, ports):
        report = await cycle(temporal.client, request("AAPL"))
        [row] = report.rows
        await ports.broker.cancel(f"{row.client_order_id}-stop")
        found = await reconciled(temporal.client)
        await keep("reconciliation-stop", temporal.client.get_workflow_handle("reconciliation/main-asked-1"))
        again = await reconciled(temporal.client, 2)
    assert [stop.client_order_id for stop in found.protection] == [f"{row.client_order_id}-stop.2"]
    assert (again.protection, again.state) == ((), None)
    stops = [o for o in (await ports.ledger.books("main")).orders if o.request.leg is Leg.STOP]
    assert [(stop.state, stop.request.quantity) for stop in stops] == [
        (OrderState.CANCELLED, Decimal(10)),
        (OrderState.ACCEPTED, Decimal(10)),
    ]
    assert await findings(ports) == ()


@pytest.mark.faults
async def test_a_halted_desk_makes_no_stop_and_calls_a_person_once_however_often_it_looks(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    ports = Ports.real(engine, sample_data).but(model=ScriptedModel(PROTECTED))
    async with serving(temporal.client, ports):
        report = await cycle(temporal.client, request("AAPL"))
        await desk_of(temporal.client).signal(TradingDesk.halt, HaltAsked(reason="away"))
        await in_state(desk_of(temporal.client), TradingState.HALTED)
        await ports.broker.cancel(f"{report.rows[0].client_order_id}-stop")
        for number in (1, 2, 3):
            assert (await reconciled(temporal.client, number)).protection == ()
    books = await ports.ledger.books("main")
    assert [o.state for o in books.orders if o.request.leg is Leg.STOP] == [OrderState.CANCELLED]
    assert [s.event.type for s in books.events].count(ALERT) == 1


@pytest.mark.faults
async def test_a_difference_that_the_clock_finds_stops_the_desk_each_time(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    ports = Ports.real(engine, sample_data).but(model=ScriptedModel({Agent.DATA: model.holds}))
    async with serving(temporal.client, ports):
        await cycle(temporal.client, request("AAPL"))
        desk = desk_of(temporal.client)
        for number, amount in enumerate((7, 9)):
            async with engine.begin() as connection:
                await connection.execute(text(f"UPDATE paper_accounts SET cash = cash + {amount}"))  # noqa: S608  ours
            # As a schedule starts it: the same argument each time, under a name with the time in it.
            asked = ReconciliationAsked(desk_id="main", reconciliation_id="main-clock", trace_id="trace-1")
            await temporal.client.execute_workflow(
                Reconciliation.run, asked, id=f"{asked.workflow_id}-{number}", task_queue=policies.DESK_QUEUE
            )
            await in_state(desk, TradingState.HALTED)
            await desk.signal(TradingDesk.resume, ResumeAsked(reason=f"seen {number}"))
            await in_state(desk, TradingState.ACTIVE, f"seen {number}")


@pytest.mark.faults
async def test_what_comes_apart_on_a_halted_desk_calls_a_person_once_for_each_state(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    ports = Ports.real(engine, sample_data).but(model=ScriptedModel({Agent.DATA: model.holds}))
    async with serving(temporal.client, ports):
        await cycle(temporal.client, request("AAPL"))
        desk = desk_of(temporal.client)
        await desk.signal(TradingDesk.halt, HaltAsked(reason="away"))
        await in_state(desk, TradingState.HALTED)
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE paper_accounts SET cash = cash + 500"))
        for number in (1, 2):
            assert (await reconciled(temporal.client, number)).state is TradingState.HALTED
        told = [str(s.event.data["reason"]) for s in (await ports.ledger.books("main")).events if s.event.type is ALERT]
    assert len(told) == 1
    assert "cash_off" in told[0]


@pytest.mark.faults
@pytest.mark.parametrize(("amount", "case"), [("0.01", "cash_slightly_off"), ("500", "cash_off")])
async def test_cash_that_nobody_can_explain_stops_the_desk(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, amount: str, case: str
) -> None:
    state = TradingState.HALTED if case == "cash_off" else TradingState.REDUCING
    ports = Ports.real(engine, sample_data).but(model=ScriptedModel())
    async with serving(temporal.client, ports):
        await cycle(temporal.client, request("AAPL"))
        async with engine.begin() as connection:
            await connection.execute(text(f"UPDATE paper_accounts SET cash = cash + {amount}"))  # noqa: S608  ours
        report = await outcome(temporal.client, await ask(temporal.client, request("MSFT")))
        desk = desk_of(temporal.client)
        await in_state(desk, state)
        await quiet(desk)
        kinds = [stored.event.type for stored in (await ports.ledger.books("main")).events]
    assert report.outcome is (CycleOutcome.SKIPPED if state is TradingState.HALTED else CycleOutcome.NONE_ALLOWED)
    told = [s.event.data for s in (await ports.ledger.books("main")).events if s.event.type.value == "DifferenceFound"]
    assert [one["case"] for one in told] == [case]
    assert ALERT in kinds
    # What differs is told, and nothing is traded to mend it.
    assert [order.symbol for order in await ports.broker.orders("main")] == ["AAPL"]


@pytest.mark.faults
async def test_a_desk_that_was_flattened_may_be_flattened_again_after_it_resumed(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    ports = Ports.real(engine, sample_data, PaperTerms()).but(model=ScriptedModel())
    async with serving(temporal.client, ports):
        desk = desk_of(temporal.client)
        for number in (1, 2):
            await cycle(temporal.client, request("AAPL" if number == 1 else "MSFT"))
            await desk.signal(TradingDesk.halt, HaltAsked(reason=f"time {number}", flatten=True))
            await in_state(desk, TradingState.HALTED, f"time {number}")
            await desk.signal(TradingDesk.resume, ResumeAsked(reason=f"again {number}"))
            await in_state(desk, TradingState.ACTIVE, f"again {number}")
    assert await held(ports) == {}
    assert await exits(ports) == [("AAPL", "filled"), ("MSFT", "filled")]


@pytest.mark.faults
async def test_a_second_word_to_flatten_does_not_hold_back_the_sales_of_the_first(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    real = Ports.real(engine, sample_data)
    slow = Faulty(real.broker, [Fault("cancel", 1, "before", "delay", seconds=2)])
    ports = real.but(model=ScriptedModel(PROTECTED), broker=cast("Broker", slow))
    async with serving(temporal.client, ports):
        await cycle(temporal.client, request("AAPL"))
        desk = desk_of(temporal.client)
        for reason in ("out", "out, I said"):
            await desk.signal(TradingDesk.halt, HaltAsked(reason=reason, flatten=True))
            await in_state(desk, TradingState.REDUCING, reason)
        await in_state(desk, TradingState.HALTED, "out")
    assert (await held(ports), await exits(ports)) == ({}, [("AAPL", "filled")])
