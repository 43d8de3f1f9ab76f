"""Orders on Temporal: filled, rejected, resting, cancelled, protected; whatever happens, one order and true books."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from adapters.paper_broker import PaperTerms
from tests.fakes import model
from tests.fakes.faulty import Fault, Faulty, faulty
from tests.fakes.model import ScriptedModel, Words
from tests.rig import Ports, cycle, findings, request, serving
from tests.workflows.conftest import Keep
from trading.agents.questions import Agent, Question
from trading.docket import CycleOutcome, CycleReport
from trading.errors import BrokerUnavailable, OrderRefused
from trading.orders import Order, OrderState
from workflows.order_execution import OrderExecution

# A few shares of a day's volume: an order for ten gets some of them and waits for the rest.
THIN = PaperTerms(volume_share=Decimal("0.0000002"))


def order_id(report: CycleReport) -> str:
    """The name of the only order of a cycle."""
    [row] = [row for row in report.rows if row.client_order_id]
    assert row.client_order_id is not None
    return row.client_order_id


@pytest.mark.faults
async def test_a_rejected_order_is_booked_as_rejected_and_the_cycle_goes_on(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep
) -> None:
    real = Ports.real(engine, sample_data)
    refusing = faulty(real.broker, Fault("submit", 1, "before", "error", raises=OrderRefused))
    async with serving(temporal.client, real.but(model=ScriptedModel(), broker=refusing)):
        report = await cycle(temporal.client, request("AAPL", "MSFT"))
    assert [(row.symbol, row.order_state) for row in report.rows] == [("AAPL", "rejected"), ("MSFT", "filled")]
    assert (report.outcome, report.findings) == (CycleOutcome.TRADED, ())
    for row, name in zip(report.rows, ("order-rejected", "order-filled"), strict=True):
        await keep(name, temporal.client.get_workflow_handle(row.client_order_id or ""))
    await keep("cycle-order-rejected", temporal.client.get_workflow_handle(f"cycle/{report.cycle_id}"))


@pytest.mark.faults
@pytest.mark.parametrize("when", ["before", "after"])
async def test_an_answer_that_got_lost_is_looked_up_and_never_sent_twice(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep, when: str
) -> None:
    real = Ports.real(engine, sample_data)
    fault = Fault("submit", 1, "after" if when == "after" else "before", "error", raises=BrokerUnavailable)
    shaky = Faulty(real.broker, [fault])
    async with serving(temporal.client, real.but(model=ScriptedModel(), broker=shaky)):
        report = await cycle(temporal.client, request("AAPL"))
    assert [(order.client_order_id, order.filled_quantity) for order in await real.broker.orders("main")] == [
        (order_id(report), Decimal(10))
    ]
    assert shaky.calls["submit"] == (1 if when == "after" else 2)
    assert report.findings == ()
    await keep(f"order-answer-lost-{when}", temporal.client.get_workflow_handle(order_id(report)))


@pytest.mark.faults  # seven hours of looks at one order take half a minute even when every clock jumps
async def test_an_order_that_rests_lets_the_cycle_go_on_and_is_cancelled_at_the_end_of_its_life(
    skipping: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep
) -> None:
    ports = Ports.real(engine, sample_data, THIN).but(model=ScriptedModel())
    async with serving(skipping.client, ports):
        report = await cycle(skipping.client, request("AAPL"))
        execution = skipping.client.get_workflow_handle_for(OrderExecution.run, order_id(report))
        order: Order = await execution.result()
    [row] = report.rows
    assert (report.outcome, row.filled) == (CycleOutcome.TRADED, order.filled_quantity)
    assert order.state is OrderState.CANCELLED
    assert 0 < order.filled_quantity < order.request.quantity
    [position] = (await ports.ledger.portfolio("main")).positions
    assert position.quantity == order.filled_quantity
    assert await findings(ports) == ()
    await keep("order-cancelled", execution)
    await keep("cycle-order-rests", skipping.client.get_workflow_handle(f"cycle/{report.cycle_id}"))


@pytest.mark.faults
async def test_stops_and_targets_rest_until_a_later_price_meets_them(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep
) -> None:
    """AAPL closes at 173.63, then over 175.50; GE at 20.13, then under 20.05."""
    bounds: dict[float, dict[str, float]] = {
        173.63: {"stop": 170, "target": 175.5},
        20.13: {"stop": 20.05, "target": 25},
    }

    def buys_first(question: Question) -> Words:
        bound = bounds.get(model.price(question))
        return model.buys("10", **bound)(question) if bound else model.holds(question)

    ports = Ports.real(engine, sample_data).but(model=ScriptedModel({Agent.DATA: buys_first}))
    held = []
    async with serving(temporal.client, ports):
        for day in (6, 8, 9):
            asked = request("AAPL", "GE", as_of=datetime(2017, 11, day, 21, tzinfo=UTC))
            report = await cycle(temporal.client, asked)
            assert report.findings == await findings(ports) == ()
            portfolio = await ports.ledger.portfolio("main")
            held.append((sorted(p.symbol for p in portfolio.positions if p.quantity), len(portfolio.open_orders)))
            await keep(f"cycle-protected-{day}", temporal.client.get_workflow_handle(f"cycle/{report.cycle_id}"))
    assert held == [(["AAPL", "GE"], 4), (["GE"], 2), ([], 0)]
    ends = {(o.request.symbol, o.request.leg): o.state for o in (await ports.ledger.books("main")).orders}
    assert ends == {
        ("AAPL", "entry"): OrderState.FILLED,
        ("AAPL", "stop"): OrderState.CANCELLED,
        ("AAPL", "target"): OrderState.FILLED,
        ("GE", "entry"): OrderState.FILLED,
        ("GE", "stop"): OrderState.FILLED,
        ("GE", "target"): OrderState.CANCELLED,
    }


@pytest.mark.faults
async def test_what_is_held_is_sold_before_anything_is_bought(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep
) -> None:
    def swaps(question: Question) -> Words:
        says = {84.26: model.buys("10"), 84.56: model.sells, 175.61: model.buys("10")}
        return says.get(model.price(question), model.holds)(question)

    ports = Ports.real(engine, sample_data).but(model=ScriptedModel({Agent.DATA: swaps}))
    async with serving(temporal.client, ports):
        for day in (7, 8):
            asked = request("AAPL", "MSFT", as_of=datetime(2017, 11, day, 21, tzinfo=UTC))
            report = await cycle(temporal.client, asked)
    await keep("cycle-sells", temporal.client.get_workflow_handle(f"cycle/{report.cycle_id}"))
    sent = [(o.symbol, o.side.value) for o in await ports.broker.orders("main")]
    assert sent == [("MSFT", "buy"), ("MSFT", "sell"), ("AAPL", "buy")]
    assert [p.symbol for p in (await ports.ledger.portfolio("main")).positions if p.quantity] == ["AAPL"]
    assert report.findings == ()
