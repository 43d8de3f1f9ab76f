"""A whole desk that trades at Alpaca, as far as loopback goes: real client, real adapter, real books and workflows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from tests.adapters.wire.alpaca_orders import ORDERS, adapter
from tests.fakes import model
from tests.fakes.broker_server import Brokerage, BrokerServer
from tests.fakes.broker_server import serving as brokerage_serving
from tests.fakes.model import ScriptedModel, Words
from tests.rig import Ports, cycle, findings, request, serving, until
from tests.workflows.conftest import Keep
from trading.agents.questions import Agent, Question
from trading.docket import CycleOutcome
from trading.orders import OrderState
from workflows import policies
from workflows.broker_watch import BrokerWatch

# Two closes of MSFT in the sample: the desk buys on the first day and sells on the second.
FIRST, SECOND = datetime(2017, 11, 7, 21, tzinfo=UTC), datetime(2017, 11, 8, 21, tzinfo=UTC)
BOUGHT_AT, SOLD_AT = 84.26, 84.56


def swaps(question: Question) -> Words:
    """Buy with a stop and a target at one price, sell at the other."""
    says = {BOUGHT_AT: model.buys("10", stop=80.0, target=95.0), SOLD_AT: model.sells}
    return says.get(model.price(question), model.holds)(question)


@pytest.fixture
def alpaca() -> Iterator[BrokerServer]:
    with brokerage_serving(Brokerage(100_000)) as server:
        server.brokerage.list_asset("MSFT", str(BOUGHT_AT))
        yield server


@pytest.fixture
def ports(engine: AsyncEngine, sample_data: Path, alpaca: BrokerServer) -> Ports:
    real = Ports.real(engine, sample_data)
    return real.but(model=ScriptedModel({Agent.DATA: swaps}), broker=adapter(alpaca))


async def legs(ports: Ports) -> dict[str, str]:
    return {order.request.leg: order.state for order in (await ports.ledger.books("main")).orders}


@pytest.mark.faults
async def test_a_position_lives_from_its_bracket_to_its_exit_and_the_books_tie_all_the_way(
    temporal: WorkflowEnvironment, ports: Ports, alpaca: BrokerServer, keep: Keep
) -> None:
    async with serving(temporal.client, ports):
        bought = await cycle(temporal.client, request("MSFT", as_of=FIRST))
        assert (bought.outcome, bought.findings) == (CycleOutcome.TRADED, ())
        assert await legs(ports) == {"entry": "filled", "stop": "accepted", "target": "accepted"}
        alpaca.brokerage.set_price("MSFT", str(SOLD_AT))
        sold = await cycle(temporal.client, request("MSFT", as_of=SECOND))
        await keep("cycle-exit-at-alpaca", temporal.client.get_workflow_handle(f"cycle/{sold.cycle_id}"))
    assert (sold.outcome, sold.findings) == (CycleOutcome.TRADED, ())
    assert await legs(ports) == {"entry": "filled", "stop": "cancelled", "target": "cancelled", "exit": "filled"}
    assert [p.quantity for p in (await ports.ledger.portfolio("main")).positions if p.quantity] == []
    assert (await ports.ledger.portfolio("main")).cash == Decimal(str(alpaca.brokerage.cash))
    assert max(alpaca.accepted.values()) == 1
    assert await findings(ports) == ()


@pytest.mark.faults
async def test_what_alpaca_streams_is_booked_at_once(
    temporal: WorkflowEnvironment, ports: Ports, alpaca: BrokerServer
) -> None:
    alpaca.brokerage.resting = True
    async with serving(temporal.client, ports):
        watch = await temporal.client.start_workflow(
            BrokerWatch.run, "main", id="broker-watch/main", task_queue=policies.DESK_QUEUE
        )
        report = await cycle(temporal.client, request("MSFT", as_of=FIRST))
        [row] = report.rows
        assert row.client_order_id is not None
        assert (row.order_state, report.findings) == (OrderState.ACCEPTED, ())
        alpaca.brokerage.fill(row.client_order_id, "4")

        async def booked() -> bool:
            order = await ports.ledger.order(str(row.client_order_id))
            return order is not None and order.filled_quantity == Decimal(4)

        await until(booked)
        await watch.cancel()
    # The order's own workflow would not have looked again for minutes.
    assert alpaca.asked("POST", ORDERS)[0].received_at + timedelta(minutes=1) > datetime.now(UTC)


@pytest.mark.faults
async def test_an_order_placed_by_hand_is_told_and_nothing_is_bought_beside_it(
    temporal: WorkflowEnvironment, ports: Ports, alpaca: BrokerServer
) -> None:
    alpaca.brokerage.list_asset("AAPL", "170")
    async with serving(temporal.client, ports):
        await cycle(temporal.client, request("MSFT", as_of=datetime(2017, 11, 6, 21, tzinfo=UTC)))
        alpaca.brokerage.external_order("AAPL", "buy", 5)
        report = await cycle(temporal.client, request("MSFT", as_of=FIRST))
    assert report.outcome is CycleOutcome.SKIPPED
    assert "position_unknown AAPL" in report.reason
    assert (await ports.ledger.books("main")).orders == ()
