"""Orders at a broker that loses its answers: each is there once, the books know it, and nobody calls it rejected.

Everything is real but the brokerage: client, adapter, books, workflows. The clocks of the workflows jump.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from tests.adapters.wire.alpaca_orders import ORDERS
from tests.fakes.broker_server import Fault, failure, garbage, refusal, reset, serving, silence
from tests.fakes.broker_server.faults import GARBAGE
from tests.faults.brokerages import Wired, at_work, brokerage, wired
from tests.faults.proving import tell
from trading.events import EventType
from trading.orders import OrderState

# The client waits this long for an answer, and the broker is silent for longer.
PATIENCE, MUTE = 0.4, 0.6
pytestmark = pytest.mark.timeout(600)

Fates = Callable[[int], list[Fault | None]]


def not_taken(number: int) -> list[Fault | None]:
    """The first is lost on the way out; of every fifth order the second too."""
    return [silence(MUTE, accepted=False)] * (2 if number % 5 == 0 else 1)


# What becomes of an order's first POSTs.
LOST: Mapping[str, Fates] = {
    "taken, then a time-out": lambda _: [silence(MUTE, accepted=True)],
    "taken, then a 500": lambda number: [failure([500, 502, 503, 504][number % 4], accepted=True)],
    "taken, then a reset": lambda _: [reset(accepted=True)],
    "taken, then garbage": lambda number: [garbage(sorted(GARBAGE)[number % len(GARBAGE)])],  # type: ignore[arg-type]
    "not taken, a time-out": not_taken,
}

NO = (
    refusal(400, 40010000, "request body format is invalid"),
    refusal(403, 40310000, "insufficient buying power"),
    refusal(422, 42210000, "market is closed"),
)
# The brokerage itself refuses these: one is not to be traded now, the other it does not have.
UNTRADABLE, UNLISTED = "HALT", "NONE"


async def lose(desk: Wired, kinds: Sequence[str]) -> Counter[int]:
    """Send an order for each of these ways to lose its answer; how many were sent how often."""
    orders = [await desk.intend(number) for number in range(len(kinds))]
    for number, (asked, kind) in enumerate(zip(orders, kinds, strict=True)):
        desk.server.faults.plan("POST", ORDERS, *LOST[kind](number), order=asked.client_order_id)
    ended = await desk.send_all(orders)
    assert {order.state for order in ended} == {OrderState.FILLED}
    assert desk.server.faults.left == 0
    return Counter(desk.posts[asked.client_order_id] for asked in orders)


@pytest.mark.faults
@pytest.mark.parametrize("amount", [20, pytest.param(200, marks=pytest.mark.soak)])
@pytest.mark.parametrize("kind", LOST)
async def test_an_order_whose_answer_is_lost_is_there_once(
    skipping: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, kind: str, amount: int
) -> None:
    with serving(brokerage()) as server:
        async with at_work(skipping.client, wired(server, engine, sample_data, seconds=PATIENCE)) as desk:
            posts = await lose(desk, [kind] * amount)
            assert await desk.wrongs() == []
    # What was taken is never sent again, and what was not is sent until it is.
    assert posts == ({2: amount * 4 // 5, 3: amount // 5} if kind.startswith("not") else {1: amount})
    tell(f"{kind}: {amount} orders, posts {dict(posts)}, {len(server.requests)} requests")


@pytest.mark.faults
async def test_an_order_of_each_loss_is_there_once(
    skipping: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    with serving(brokerage()) as server:
        async with at_work(skipping.client, wired(server, engine, sample_data, seconds=PATIENCE)) as desk:
            assert await lose(desk, [*LOST]) == {1: 4, 2: 1}
            assert await desk.wrongs() == []


@pytest.mark.faults
@pytest.mark.parametrize("times", [2, pytest.param(20, marks=pytest.mark.soak)])
async def test_a_definite_no_is_heard_once_and_not_asked_again(
    skipping: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, times: int
) -> None:
    with serving(brokerage()) as server:
        server.brokerage.list_asset(UNTRADABLE, "50.00", tradable=False)
        async with at_work(skipping.client, wired(server, engine, sample_data)) as desk:
            orders = [await desk.intend(number) for number in range(3 * times)]
            for number, asked in enumerate(orders):
                server.faults.plan("POST", ORDERS, NO[number % len(NO)], order=asked.client_order_id)
            known = range(3 * times, 5 * times)
            orders += [await desk.intend(number, symbol=(UNTRADABLE, UNLISTED)[number % 2]) for number in known]
            ended = await desk.send_all(orders)
            told = Counter(stored.event.type for stored in (await desk.ports.ledger.books(desk.desk_id)).events)
            assert await desk.wrongs() == []
    assert {order.state for order in ended} == {OrderState.REJECTED}
    assert all("alpaca: " in str(order.reason) for order in ended)
    assert (told[EventType.ORDER_REJECTED], told[EventType.ALERT_RAISED]) == (5 * times, 0)
    assert set(desk.posts.values()) == {1}
    assert server.accepted == {}
    tell(f"refused: {len(ended)} orders, {sum(desk.posts.values())} posts")
