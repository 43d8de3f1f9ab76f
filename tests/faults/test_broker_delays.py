"""Orders at a broker that answers late, or wants to be left alone, or never says: waited for, looked for, told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from tests.adapters.wire.alpaca_orders import BY_NAME, ORDERS
from tests.fakes.broker_server import failure, late, serving, silence, too_many
from tests.fakes.broker_server.records import Refused
from tests.faults.brokerages import Wired, at_work, brokerage, wired
from tests.faults.proving import tell
from tests.rig import until
from trading.breaker import TradingState
from trading.events import EventType
from trading.orders import Order, OrderRequest, OrderState
from workflows import policies

FILLS = "/v2/account/activities/FILL"
PATIENCE, MUTE = 0.4, 0.6
# The looks of a search come 1, 3, 7, 15, 31 and 61 seconds after the order; from half a minute on a miss counts.
LOOKS_IN_TIME, LOOKS_TOO_LATE = 5, 9
# With the one before it is sent and the one before it is sent again.
LOOKS_TO_THE_SECOND = 8
pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


async def states(desk: Wired, orders: list[OrderRequest]) -> set[OrderState]:
    return {order.state for order in await desk.send_all(orders)}


@pytest.mark.parametrize("amount", [20, pytest.param(100, marks=pytest.mark.soak)])
async def test_an_order_that_shows_late_is_waited_for(
    skipping: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, amount: int
) -> None:
    with serving(brokerage()) as server:
        async with at_work(skipping.client, wired(server, engine, sample_data, seconds=PATIENCE)) as desk:
            orders = [await desk.intend(number) for number in range(amount)]
            for number, asked in enumerate(orders):
                hidden = late(silence(MUTE, accepted=True), lookups=1 + number % LOOKS_IN_TIME)
                server.faults.plan("POST", ORDERS, hidden, order=asked.client_order_id)
            assert await states(desk, orders) == {OrderState.FILLED}
            assert await desk.wrongs() == []
    assert set(desk.posts.values()) == {1}
    tell(f"shown late: {len(orders)} orders, {len(server.asked('GET', BY_NAME))} look-ups, one post each")


@pytest.mark.parametrize("amount", [5, pytest.param(20, marks=pytest.mark.soak)])
async def test_an_order_that_shows_later_than_any_should_is_refused_the_second_time(
    skipping: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, amount: int
) -> None:
    with serving(brokerage()) as server:
        async with at_work(skipping.client, wired(server, engine, sample_data, seconds=PATIENCE)) as desk:
            orders = [await desk.intend(number) for number in range(amount)]
            for asked in orders:
                hidden = late(silence(MUTE, accepted=True), lookups=LOOKS_TOO_LATE)
                server.faults.plan("POST", ORDERS, hidden, order=asked.client_order_id)
            assert await states(desk, orders) == {OrderState.FILLED}
            assert await desk.wrongs() == []
    assert set(desk.posts.values()) == {2}
    assert [one.status for one in server.asked("POST", ORDERS)].count(422) == len(orders)


@pytest.mark.parametrize("ended", ["cancel_by_broker", "expire"])
async def test_an_order_is_not_over_before_its_last_fill_is_told(
    skipping: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, ended: str
) -> None:
    with serving(brokerage()) as server:
        server.brokerage.resting = True
        async with at_work(skipping.client, wired(server, engine, sample_data)) as desk:
            orders = [await desk.intend(number, quantity=9, stop=None, target=None) for number in range(10)]
            lives = asyncio.create_task(desk.send_all(orders))
            for number, asked in enumerate(orders):
                await until(partial(is_taken, desk, asked.client_order_id))
                with server.brokerage.lock:
                    server.brokerage.fill(asked.client_order_id, 4)
                    server.activities.delay(lookups=1 + number % 5)
                    getattr(server.brokerage, ended)(asked.client_order_id)
            assert {order.filled_quantity for order in await lives} == {4}
            assert await desk.wrongs() == []


async def is_taken(desk: Wired, name: str) -> bool:
    return name in desk.server.accepted


@pytest.mark.parametrize("amount", [10, pytest.param(50, marks=pytest.mark.soak)])
async def test_a_try_that_failed_after_the_order_was_taken_does_not_send_it_again(
    skipping: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, amount: int
) -> None:
    with serving(brokerage()) as server:
        async with at_work(skipping.client, wired(server, engine, sample_data)) as desk:
            orders = [await desk.intend(number) for number in range(amount)]
            server.faults.plan("GET", FILLS, *[failure(503, accepted=False)] * 2 * amount)
            assert await states(desk, orders) == {OrderState.FILLED}
            assert server.faults.left == 0
            assert await desk.wrongs() == []
    assert set(desk.posts.values()) == {1}


@pytest.mark.parametrize("amount", [18, pytest.param(50, marks=pytest.mark.soak)])
async def test_an_order_that_arrives_while_another_try_is_due_is_there_once(
    skipping: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, amount: int
) -> None:
    """The first request lies on the way for longer than its sender waits, and arrives at any look of the search."""
    with serving(brokerage()) as server:
        async with at_work(skipping.client, wired(server, engine, sample_data, seconds=PATIENCE)) as desk:
            orders = [await desk.intend(number) for number in range(amount)]
            for asked in orders:
                server.faults.plan("POST", ORDERS, silence(MUTE, accepted=False), order=asked.client_order_id)
            ways = [arrive(desk, asked, looks=1 + n % (LOOKS_TO_THE_SECOND + 1)) for n, asked in enumerate(orders)]
            found, *arrived = await asyncio.gather(states(desk, orders), *ways)
            assert found == {OrderState.FILLED}
            assert await desk.wrongs() == []
    assert set(desk.posts.values()) <= {1, 2}
    assert arrived.count(False) >= len(orders) // (LOOKS_TO_THE_SECOND + 1)
    tell(f"arrived late: {len(orders)} orders, {arrived.count(False)} after they had been sent again")


async def arrive(desk: Wired, asked: OrderRequest, looks: int) -> bool:
    """Let what was sent first arrive after so many looks, or after the second that was sent: False, it is there."""
    name, server = asked.client_order_id, desk.server

    async def looked() -> bool:
        queries = [one.query["client_order_id"] for one in server.asked("GET", BY_NAME)]
        return desk.posts[name] > (looks > LOOKS_TO_THE_SECOND) and queries.count(name) >= min(
            looks, LOOKS_TO_THE_SECOND
        )

    await until(looked)
    first = next(one for one in server.asked("POST", ORDERS) if one.body["client_order_id"] == name)
    try:
        await asyncio.to_thread(server.brokerage.submit, first.body)
    except Refused:
        return False
    return True


@pytest.mark.parametrize("amount", [10, pytest.param(50, marks=pytest.mark.soak)])
async def test_a_broker_that_counts_requests_is_left_alone_as_long_as_it_wants(
    skipping: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, amount: int
) -> None:
    with serving(brokerage()) as server:
        async with at_work(skipping.client, wired(server, engine, sample_data)) as desk:
            orders = [await desk.intend(number) for number in range(amount)]
            told: dict[str, tuple[int, int]] = {}
            for number, asked in enumerate(orders):
                name, (sending, looking) = asked.client_order_id, (1 + number, 60 - number)
                server.faults.plan("POST", ORDERS, too_many(sending), order=name)
                # The first look comes before it is sent, the second after the pause that was asked for.
                server.faults.plan("GET", BY_NAME, None, None, too_many(looking), order=name)
                told[name] = sending, looking
            assert await states(desk, orders) == {OrderState.FILLED}
            for name, (sending, looking) in told.items():
                waits = await waited(skipping.client, name)
                assert waits["submit_order"] >= timedelta(seconds=sending)
                assert waits["look_up_order"] >= timedelta(seconds=looking)
            assert await desk.wrongs() == []
    assert set(desk.posts.values()) == {2}
    tell(f"limited: {len(orders)} orders, told to wait up to 60 s twice, two posts each")


async def waited(client: Client, name: str) -> Mapping[str, timedelta]:
    """How long the last try of each activity was put off at most, by the clock of the order's workflow."""
    asked, longest = {}, dict[str, timedelta]()
    async for event in client.get_workflow_handle(name).fetch_history_events():
        scheduled, started = (
            event.activity_task_scheduled_event_attributes,
            event.activity_task_started_event_attributes,
        )
        if event.HasField("activity_task_scheduled_event_attributes"):
            asked[event.event_id] = scheduled.activity_type.name, event.event_time.ToDatetime()
        elif event.HasField("activity_task_started_event_attributes"):
            kind, at = asked[started.scheduled_event_id]
            longest[kind] = max(longest.get(kind, timedelta()), event.event_time.ToDatetime() - at)
    return longest


@pytest.mark.parametrize("amount", [12, pytest.param(50, marks=pytest.mark.soak)])
async def test_a_storm_of_failures_passes_over_orders_that_are_there_once(
    skipping: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, amount: int
) -> None:
    with serving(brokerage()) as server:
        async with at_work(skipping.client, wired(server, engine, sample_data)) as desk:
            orders = [await desk.intend(number) for number in range(amount)]
            for number, asked in enumerate(orders):
                storm = failure(503, accepted=bool(number % 2))
                server.faults.plan("POST", ORDERS, storm, order=asked.client_order_id)
            server.faults.chance("GET", "*", 0.4, failure(503, accepted=False), seed=7)
            assert await states(desk, orders) == {OrderState.FILLED}
            failed = [one for one in server.requests if one.method == "GET" and one.status is None]
            assert await desk.wrongs() == []
    assert set(desk.posts.values()) == {1, 2}
    tell(f"storm: {len(orders)} orders, {len(failed)} of {len(server.requests)} requests failed")


@pytest.mark.parametrize("amount", [4, pytest.param(20, marks=pytest.mark.soak)])
async def test_an_order_of_which_nothing_is_ever_heard_halts_its_desk_and_is_not_called_rejected(
    skipping: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, amount: int
) -> None:
    with serving(brokerage()) as server:
        first = wired(server, engine, sample_data, "desk-0", PATIENCE)
        async with at_work(skipping.client, first):
            desks = [first, *(Wired(f"desk-{n}", server, first.ports, skipping.client) for n in range(1, amount))]
            await asyncio.gather(*(desk.open() for desk in desks[1:]))
            await asyncio.gather(*(vanish(desk, number) for number, desk in enumerate(desks)))
            assert [found for desk in desks for found in await desk.findings()] == []
    assert Counter(server.accepted.values()) == {1: len(desks)}
    tell(f"never heard of: {len(desks)} desks halted, each order booked when it was heard of at last")


async def vanish(desk: Wired, number: int) -> None:
    """Send an order of which nobody hears until its desk has halted; in the end the broker says that it has it."""
    asked, is_taken = await desk.intend(4), bool(number % 2)
    name, server = asked.client_order_id, desk.server
    life = asyncio.create_task(lose_for_good(desk, asked, is_taken=is_taken, is_hidden=number % 4 < 2))
    await is_given_up(desk)
    if not is_taken:
        # What was sent first arrives hours later.
        first = next(one for one in server.asked("POST", ORDERS) if one.body["client_order_id"] == name)
        server.brokerage.submit(first.body)
    server.brokerage.hide(name)
    server.faults.clear(name)
    assert (await life).state is OrderState.FILLED


async def lose_for_good(desk: Wired, asked: OrderRequest, *, is_taken: bool, is_hidden: bool) -> Order:
    """Send an order whose every answer is silence, and look it up in vain or without an answer."""
    name, faults = asked.client_order_id, desk.server.faults
    silent = silence(MUTE, accepted=is_taken)
    fates = [late(silent, lookups=10_000) if is_taken and is_hidden else silent] + [silent] * policies.MOST_SENDS
    faults.plan("POST", ORDERS, *fates, order=name)
    if not is_hidden:
        faults.plan("GET", BY_NAME, None, *[failure(500, accepted=False)] * 10_000, order=name)
    return await desk.send(asked)


async def is_given_up(desk: Wired) -> None:
    """Wait until a desk has halted for its order; it is told once, and the order is unknown, not rejected."""
    (asked,) = desk.sent

    async def halted() -> bool:
        return (await desk.ports.ledger.breaker(desk.desk_id)).state is TradingState.HALTED

    async def told() -> Counter[EventType]:
        return Counter(stored.event.type for stored in (await desk.ports.ledger.books(desk.desk_id)).events)

    async def alerted() -> bool:
        return bool((await told())[EventType.ALERT_RAISED])

    await until(halted)
    await until(alerted)
    counted = await told()
    assert asked.client_order_id in str((await desk.ports.ledger.breaker(desk.desk_id)).reason)
    assert (await desk.known(asked.client_order_id)).state is OrderState.UNKNOWN
    assert [counted[k] for k in (EventType.ORDER_UNKNOWN, EventType.ALERT_RAISED, EventType.ORDER_REJECTED)] == [
        1,
        1,
        0,
    ]
