"""Sending an order at a broker that does not always answer: one order there, and true books, whatever it does.

The clocks of the workflows jump over their waits, so that half an hour of looking takes a second.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from activities.correcting import Corrector
from activities.following import Follower
from activities.opening import OpeningActivities
from adapters.paper_broker import PaperBroker, PaperTerms
from tests.fakes.faulty import Fault, Faulty
from tests.fakes.market import FakeMarket
from tests.making import AT, DESK, TRACE, after, intent
from tests.making import request as order
from tests.rig import Ports, serving
from tests.workflows.conftest import Keep
from trading.breaker import StateChange, TradingState
from trading.corrections import ForgetOrder
from trading.desk import DeskOpening
from trading.errors import BrokerUnavailable, OrderRefused
from trading.events import EventType
from trading.market import Dropped, Quote
from trading.orders import Order, OrderRequest, OrderState
from trading.ports import Broker
from trading.settlement import BrokerOrder
from workflows import policies
from workflows.order_execution import OrderExecution

MANY = 150


class Forgetful:
    """A broker that for so many looks does not know what it has, as its documents allow it for half a minute."""

    late_visibility = timedelta(seconds=30)

    def __init__(self, broker: object, looks: int = 0) -> None:
        self._broker = broker
        self._looks = looks
        self.looked = 0

    async def find(self, client_order_id: str) -> BrokerOrder | None:
        self.looked += 1
        # The first look comes before it is sent.
        if 1 < self.looked <= 1 + self._looks:
            return None
        found: BrokerOrder | None = await cast("Broker", self._broker).find(client_order_id)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._broker, name)


def silent(call: int, when: str = "before", method: str = "submit") -> Fault:
    return Fault(method, call, cast("Any", when), "error", raises=BrokerUnavailable)


class Desk:
    """A desk with its books open and a broker that a test makes worse."""

    def __init__(self, client: Client, ports: Ports) -> None:
        self.client = client
        self.ports = ports

    async def intend(self, **more: Any) -> OrderRequest:
        asked = order("AAPL", "10", **more)
        assert isinstance(await self.ports.ledger.intend(intent(asked)), Order)
        return asked

    async def send(self, asked: OrderRequest) -> Order:
        """Run the order's own workflow to its end."""
        return await self.client.execute_workflow(
            OrderExecution.run, asked, id=asked.client_order_id, task_queue=policies.DESK_QUEUE
        )

    async def halt(self, state: TradingState = TradingState.HALTED) -> None:
        change = StateChange(desk_id=DESK, change_id="test", state=state, changed_by="test", reason="so it is", at=AT)
        await self.ports.ledger.change_state(change)

    async def told(self) -> list[EventType]:
        return [stored.event.type for stored in (await self.ports.ledger.books(DESK)).events]

    async def at_broker(self) -> list[tuple[str, str]]:
        return [(one.client_order_id, one.state) for one in await self.ports.broker.orders(DESK)]


@asynccontextmanager
async def desk_at(environment: WorkflowEnvironment, ports: Ports, broker: object) -> AsyncIterator[Desk]:
    opening = DeskOpening(desk_id=DESK, trace_id=TRACE, at=after(-1))
    await OpeningActivities(ports.broker, ports.ledger).open_desk(opening)
    async with serving(environment.client, ports.but(broker=cast("Broker", broker))):
        yield Desk(environment.client, ports)


@pytest.fixture
def ports(engine: AsyncEngine, sample_data: Path) -> Ports:
    return Ports.real(engine, sample_data)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_an_answer_that_got_lost_is_looked_for_and_the_order_is_there_once(
    skipping: WorkflowEnvironment, ports: Ports, keep: Keep, when: str
) -> None:
    broker = Faulty(ports.broker, [silent(1, when)])
    async with desk_at(skipping, ports, broker) as desk:
        asked = await desk.intend()
        assert (await desk.send(asked)).state is OrderState.FILLED
        await keep(f"order-answer-lost-{when}", skipping.client.get_workflow_handle(asked.client_order_id))
        assert await desk.at_broker() == [(asked.client_order_id, "filled")]
        assert broker.calls["submit"] == (1 if when == "after" else 2)


@pytest.mark.faults
async def test_an_order_that_shows_late_is_not_sent_a_second_time(
    skipping: WorkflowEnvironment, ports: Ports, keep: Keep
) -> None:
    broker = Faulty(Forgetful(ports.broker, looks=4), [silent(1, "after")])
    async with desk_at(skipping, ports, broker) as desk:
        asked = await desk.intend()
        assert (await desk.send(asked)).state is OrderState.FILLED
        await keep("order-shows-late", skipping.client.get_workflow_handle(asked.client_order_id))
        assert broker.calls["submit"] == 1


@pytest.mark.faults
async def test_an_order_that_surely_is_not_there_is_sent_again_under_its_id(
    skipping: WorkflowEnvironment, ports: Ports
) -> None:
    broker = Faulty(Forgetful(ports.broker), [silent(1), silent(2)])
    async with desk_at(skipping, ports, broker) as desk:
        asked = await desk.intend()
        assert (await desk.send(asked)).state is OrderState.FILLED
        assert broker.calls["submit"] == 3
        assert await desk.at_broker() == [(asked.client_order_id, "filled")]


@pytest.mark.faults
async def test_an_order_of_unknown_fate_halts_the_desk_and_is_never_called_rejected(
    skipping: WorkflowEnvironment, ports: Ports, keep: Keep
) -> None:
    deaf = [silent(call, method="find") for call in range(2, MANY)]
    broker = Faulty(ports.broker, [silent(1, "after"), *deaf])
    async with desk_at(skipping, ports, broker) as desk:
        asked = await desk.intend()
        ended = await desk.send(asked)
        await keep("order-unknown", skipping.client.get_workflow_handle(asked.client_order_id))
        breaker = await ports.ledger.breaker(DESK)
        told = await desk.told()
    assert (breaker.state, breaker.changed_by) == (TradingState.HALTED, "orders")
    assert asked.client_order_id in str(breaker.reason)
    assert EventType.ORDER_REJECTED not in told
    assert [told.count(kind) for kind in (EventType.ORDER_UNKNOWN, EventType.ALERT_RAISED)] == [1, 1]
    # In the end the broker answered, and then it was booked as what it was.
    assert ended.state is OrderState.FILLED


async def test_a_definite_no_is_said_once_and_not_asked_again(skipping: WorkflowEnvironment, ports: Ports) -> None:
    no = Fault("submit", 1, "before", "error", raises=OrderRefused)
    broker = Faulty(ports.broker, [no])
    async with desk_at(skipping, ports, broker) as desk:
        asked = await desk.intend()
        assert (await desk.send(asked)).state is OrderState.REJECTED
        assert (broker.calls["submit"], await desk.at_broker()) == (1, [])


@pytest.mark.parametrize(
    ("state", "ends"), [(TradingState.HALTED, OrderState.CANCELLED), (TradingState.REDUCING, OrderState.CANCELLED)]
)
async def test_an_order_that_was_intended_before_a_halt_is_not_sent_after_it(
    skipping: WorkflowEnvironment, ports: Ports, state: TradingState, ends: OrderState
) -> None:
    async with desk_at(skipping, ports, ports.broker) as desk:
        asked = await desk.intend()
        await desk.halt(state)
        order_ended = await desk.send(asked)
        assert (order_ended.state, order_ended.reason) == (ends, f"the desk is {state}")
        assert await desk.at_broker() == []


@pytest.mark.faults
async def test_an_order_is_not_sent_a_second_time_while_the_desk_is_halted(
    skipping: WorkflowEnvironment, ports: Ports
) -> None:
    broker = Faulty(ports.broker, [silent(call) for call in range(1, MANY)])
    async with desk_at(skipping, ports, broker) as desk:
        asked = await desk.intend()
        ended = await desk.send(asked)
        # Sent three times and never arrived: nobody knows, and the halt that follows lets it rest.
        assert (ended.state, broker.calls["submit"]) == (OrderState.UNKNOWN, policies.MOST_SENDS)
        assert (await ports.ledger.breaker(DESK)).state is TradingState.HALTED
        # A person has seen at the broker that it never arrived, and its room is free again.
        forgotten = ForgetOrder(client_order_id=asked.client_order_id)
        await Corrector(ports.ledger, Follower(ports.broker, ports.ledger)).apply(DESK, forgotten)
        books = await ports.ledger.books(DESK)
    assert [(order.state, order.leaves) for order in books.orders] == [(OrderState.CANCELLED, Decimal(0))]
    assert books.portfolio.open_orders == ()


@pytest.mark.faults
async def test_an_order_that_the_broker_cannot_be_asked_about_for_minutes_is_not_sent_late(
    skipping: WorkflowEnvironment, ports: Ports
) -> None:
    broker = Faulty(ports.broker, [silent(call, method="find") for call in range(1, 400)])
    async with desk_at(skipping, ports, broker) as desk:
        asked = await desk.intend()
        ended = await desk.send(asked)
        assert (ended.state, broker.calls["submit"]) == (OrderState.EXPIRED, 0)
        assert (await ports.ledger.breaker(DESK)).state is TradingState.ACTIVE


@pytest.mark.faults
async def test_a_limit_order_is_cancelled_at_the_end_of_its_session(
    skipping: WorkflowEnvironment, ports: Ports
) -> None:
    async with desk_at(skipping, ports, ports.broker) as desk:
        asked = await desk.intend(kind="limit", limit_price="96", stop=None, target=None)
        ended = await desk.send(asked)
        assert ended.state in {OrderState.CANCELLED, OrderState.EXPIRED}
        assert await desk.at_broker() == [(asked.client_order_id, ended.state)]


class Live(FakeMarket):
    """A market whose newest prices are always of this moment."""

    async def quotes(self, symbols: Sequence[str], as_of: datetime) -> Mapping[str, Quote | Dropped]:
        known = await super().quotes(symbols, as_of)
        return {s: q.model_copy(update={"quoted_at": as_of}) if isinstance(q, Quote) else q for s, q in known.items()}


@pytest.mark.faults
async def test_a_limit_that_the_market_left_behind_goes_on_at_the_new_price_three_times_and_then_rests(
    skipping: WorkflowEnvironment, engine: AsyncEngine, ports: Ports, keep: Keep
) -> None:
    market = Live()
    market.quote("AAPL", "101", "102", AT)
    broker = PaperBroker(engine, market, PaperTerms())
    async with desk_at(skipping, ports.but(market=market, broker=broker), broker) as desk:
        asked = await desk.intend(kind="limit", limit_price="100.10", reprice_seconds=20)
        ended = await desk.send(asked)
        await keep("order-repriced", skipping.client.get_workflow_handle(asked.client_order_id))
        orders = (await ports.ledger.books(DESK)).orders
    told = [(order.request.client_order_id, order.request.replaces, order.request.limit_price) for order in orders]
    name = asked.client_order_id
    # A thousandth above the mark of then, up to the tick: under what is asked, so that nothing fills.
    assert told == [
        (name, None, Decimal("100.10")),
        (f"{name}.2", name, Decimal("101.11")),
        (f"{name}.3", f"{name}.2", Decimal("101.11")),
        (f"{name}.4", f"{name}.3", Decimal("101.11")),
    ]
    assert {order.state for order in orders} == {OrderState.CANCELLED}
    assert ended.request.client_order_id == f"{name}.4"


@pytest.mark.faults
async def test_a_limit_is_not_chased_beyond_the_collar(
    skipping: WorkflowEnvironment, engine: AsyncEngine, ports: Ports
) -> None:
    market = Live()
    market.quote("AAPL", "106", "107", AT)
    broker = PaperBroker(engine, market, PaperTerms())
    async with desk_at(skipping, ports.but(market=market, broker=broker), broker) as desk:
        asked = await desk.intend(kind="limit", limit_price="100.10", reprice_seconds=20)
        ended = await desk.send(asked)
        books = await ports.ledger.books(DESK)
    assert (ended.request, ended.state) == (asked, OrderState.CANCELLED)
    denied = [stored.event.data for stored in books.events if stored.event.type is EventType.ORDER_DENIED]
    assert [str(one["client_order_id"]) for one in denied] == [f"{asked.client_order_id}.2"]
    assert {order.state for order in books.orders} == {OrderState.CANCELLED, OrderState.DENIED}
