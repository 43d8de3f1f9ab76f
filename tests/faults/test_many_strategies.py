"""Many strategies at one desk, and a few whose worker is killed: each cycle has its end, and the books agree."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack
from datetime import datetime
from decimal import Decimal
from itertools import accumulate
from pathlib import Path
from random import Random

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.cycles import CycleActivities
from activities.gate import GateRules
from tests.activities.poison import answering
from tests.faults.doom import Death
from tests.faults.lanes import Ground, Lane
from tests.faults.proving import asked, at_rest, doubled, ended, sent, tell, wrongs
from tests.faults.reckless import plainly
from tests.making import DESK
from tests.rig import Ports, ask, desk_of, findings, outcome, quiet, read, request, serving, until
from tests.strategies import holding, with_strategies
from tests.workflows.held import Held
from trading.breaker import CircuitBreaker
from trading.desk import CycleTicket, DeskState, Judged, PriceMoved
from trading.docket import CycleOutcome
from trading.events import EventType
from trading.limits import Limits
from trading.moves import Pace
from trading.orders import PROTECTIVE, OrderState
from trading.strategy import AGENTS, MOST_STRATEGIES
from workflows import policies
from workflows.desks import started
from workflows.trading_desk import TradingDesk

pytestmark = pytest.mark.faults
NAMES = [AGENTS, *(f"s-{number}" for number in range(1, MOST_STRATEGIES))]
MANY = [24, pytest.param(MOST_STRATEGIES, marks=pytest.mark.soak)]
NO_LOOK = Pace(cool_down_minutes=0, most_a_day=0)
SHARED = ("INTC", "GE", "KO", "BAC", "WMT")
FILLED = OrderState.FILLED
NEVER_SENT = {OrderState.DENIED, OrderState.CANCELLED, OrderState.EXPIRED}
SEED = 20261126


def watched(name: str) -> str:
    """What a strategy looks at: one of five symbols, so that each has many who look."""
    return SHARED[NAMES.index(name) % len(SHARED)]


async def all_asked(client: Client, desk_id: str, many: int) -> list[CycleTicket]:
    """A cycle of each of so many strategies."""
    door = asyncio.Semaphore(policies.MOST_ASKS)

    async def one(name: str) -> CycleTicket:
        async with door:
            return await ask(client, request(watched(name), strategy_id=name), desk_id)

    return list(await asyncio.gather(*map(one, NAMES[:many])))


def grave(found: list[str]) -> list[str]:
    """What is wrong. Two cycles may find the same difference at once, and each tells of it: it is corrected once."""
    return [one for one in found if EventType.DIFFERENCE_FOUND not in one]


async def at_once(client: Client) -> int:
    """How many cycles ran at the same moment, at most."""
    moments: list[tuple[datetime, int]] = []
    async for one in client.list_workflows("WorkflowType = 'TradingCycle'"):
        assert one.close_time is not None
        moments += [(one.start_time, 1), (one.close_time, -1)]
    return max(accumulate(change for _, change in sorted(moments)))


async def astray(ports: Ports, desk_id: str) -> list[str]:
    """Orders of which the books say another end than the broker: what is not filled must never have come there.

    A desk that halts in the midst of so many cancels what it has not sent: that is no loss.
    """
    books, book = await ports.ledger.books(desk_id), plainly(await ports.broker.orders(desk_id))
    ours = {order.request.client_order_id: order.state for order in books.orders if order.request.leg not in PROTECTIVE}
    there = {order.client_order_id: order.state for order in book}
    return [
        f"{name} is {ours.get(name, 'unknown')}, at the broker {there.get(name, 'unknown')}"
        for name in {*ours, *there}
        if (ours.get(name), there.get(name)) != (FILLED, FILLED) and (name in there or ours[name] not in NEVER_SENT)
    ]


async def orders_ended(client: Client) -> None:
    """Wait for every order's own workflow: a cycle goes on without one that takes long."""

    async def none() -> bool:
        running = "WorkflowType = 'OrderExecution' AND ExecutionStatus = 'Running'"
        return not (await client.count_workflows(running)).count

    await until(none)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("many", MANY)
async def test_a_desk_of_many_running_cycles_stays_short_under_a_stream_of_signals_and_sees_all_end(
    temporal: WorkflowEnvironment, many: int
) -> None:
    client, chance, judged = temporal.client, Random(SEED), list[str]()
    breaker = CircuitBreaker()
    looking = [answering("open_desk", breaker), answering("judge_desk", Judged(desk=breaker), judged)]
    answers = [*looking, CycleActivities(started).await_cycles]
    async with AsyncExitStack() as stack:
        for queue in (policies.DESK_QUEUE, policies.ORDERS_QUEUE):
            kinds = [TradingDesk, Held] if queue == policies.DESK_QUEUE else []
            # A loaded machine gives no sign of life for two seconds now and then: as in `tests/rig.py`.
            await stack.enter_async_context(
                Worker(client, task_queue=queue, workflows=kinds, activities=answers, debug_mode=True)
            )
        desk = await client.start_workflow(
            TradingDesk.run, DeskState(desk_id=DESK), id=f"desk/{DESK}", task_queue=policies.DESK_QUEUE
        )
        tickets = await all_asked(client, DESK, many)

        async def all_run() -> bool:
            running = "WorkflowType = 'TradingCycle' AND ExecutionStatus = 'Running'"
            return (await client.count_workflows(running)).count == many

        await until(all_run)

        move = PriceMoved(symbol="AAPL", pace=NO_LOOK, strategies=("s-1", "s-2"))
        chance.shuffle(tickets)
        for first in range(0, len(tickets), 10):
            some = [client.get_workflow_handle(one.workflow_id) for one in tickets[first : first + 10]]
            told = (desk.signal(TradingDesk.price_moved, move) for _ in range(100))
            await asyncio.gather(*(one.signal("end") for one in some), *told)
        await asyncio.gather(*(outcome(client, one) for one in tickets))
        await quiet(desk)
        lines = await desk.query(TradingDesk.cycles)
        runs = [one async for one in client.list_workflows(f"WorkflowId = 'desk/{DESK}'")]
        histories = [await client.get_workflow_handle(one.id, run_id=one.run_id).fetch_history() for one in runs]
    lengths = [len(history.events) for history in histories]
    signals = sum(
        event.HasField("workflow_execution_signaled_event_attributes") for one in histories for event in one.events
    )
    tell(f"{len(runs)} runs, {signals} signals, {len(judged)} looks, longest {max(lengths)} events: {lengths}")
    assert max(lengths) < 4000
    assert Counter(line.strategy_id for line in lines) == Counter(NAMES[:many])
    assert {line.outcome for line in lines} == {CycleOutcome.SKIPPED}


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("many", MANY)
async def test_many_strategies_trade_at_once_on_one_desk_and_the_books_balance(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, many: int
) -> None:
    client = temporal.client
    # A fast machine intends every order within a minute: at fewer than that the desk would halt as one that runs away.
    limits = Limits(duplicate_minutes=0, max_orders_per_minute=2 * MOST_STRATEGIES)
    ports = Ports.real(engine, sample_data).but(rules=GateRules(limits=limits))
    tiny = {"allocation": Decimal("0.004"), "parameters": {"parts": 4}}
    each = [holding(name, watched(name), **tiny) for name in NAMES[1:many]]
    async with serving(client, ports):
        await with_strategies(client, ports, *each)
        began = time.monotonic()
        tickets = await all_asked(client, "main", many)
        reports = [await outcome(client, ticket) for ticket in tickets]
        took = time.monotonic() - began
        await quiet(desk_of(client))
        await orders_ended(client)
        lines = await desk_of(client).query(TradingDesk.cycles)
        together = await at_once(client)
    portfolio, books = await ports.ledger.portfolio("main"), await ports.ledger.books("main")
    ways = Counter(report.outcome for report in reports)
    states = Counter(str(order.state) for order in books.orders)
    tell(f"{ways} in {took:.0f} s, {together} at once, orders {states}; {len(books.events)} events")
    # On a machine that does much else a step may find no time within its own: its cycle fails then, which is safe.
    tell(f"failed: {Counter(one.reason[:80] for one in reports if one.outcome is CycleOutcome.FAILED)}")
    filled = {order.request.client_order_id for order in books.orders if order.state is FILLED}
    said = {row.client_order_id for report in reports for row in report.rows if row.order_state == FILLED}
    assert said
    assert said <= filled
    assert together > many // 2
    assert {line.outcome is None for line in lines} == {False}
    assert [finding for report in reports for finding in report.findings] == []
    assert await findings(ports) == ()
    assert grave(doubled(books, plainly(await ports.broker.orders("main")))) == []
    assert await astray(ports, "main") == []
    held = portfolio.positions
    assert sum(abs(one.quantity * (one.mark or 0)) for one in held) <= portfolio.equity
    assert max(one.quantity * (one.mark or 0) for one in held) <= portfolio.equity * limits.max_position
    assert portfolio.cash >= 0


async def renewed(client: Client, desk_id: str) -> None:
    """Let a desk continue as new in the midst of its cycles, which the next run waits for by an activity."""
    desk = desk_of(client, desk_id)
    first = (await desk.describe()).run_id
    while (await desk.describe()).run_id == first:
        await asyncio.gather(*(desk.signal(TradingDesk.books_changed) for _ in range(50)))
        await read(desk)


WISHES = {"agents": ("INTC", "MSFT"), "one": ("GE", "KO"), "two": ("BAC", "WMT")}
DEATHS = (
    Death("intend", "after", 2),
    Death("submit_order", "after", 1),
    Death("mark", "returned", 2),
    Death("TradingCycle", "task"),
    None,
)


async def suffered(lane: Lane, desk_id: str, death: Death | None) -> None:
    """Three cycles of three strategies, and one death of their worker; with None in the desk's next run."""
    client, ports = lane.client, lane.ports
    if not lane.lives.is_alive:
        await lane.lives.begin()
    ours = [holding(name, *WISHES[name]) for name in ("one", "two")]
    await with_strategies(client, ports, *ours, desk_id=desk_id)
    if death is not None:
        lane.lives.arm(death)
    asking = [
        asyncio.create_task(asked(client, request(*symbols, strategy_id=name), desk_id))
        for name, symbols in WISHES.items()
    ]
    if death is not None:
        await lane.lives.end()
    else:
        await asyncio.gather(*asking)
        await renewed(client, desk_id)
        await lane.lives.kill()
    await lane.lives.begin()
    reports = [await ended(client, await one) for one in asking]
    await at_rest(client, desk_id)
    for report in reports:
        await sent(client, report)
    assert [report.outcome for report in reports] == [CycleOutcome.TRADED] * 3, (death, reports)
    found = [one.findings for one in reports if one.findings]
    assert [*grave(await wrongs(ports, desk_id)), *found] == [], death


@pytest.mark.timeout(600)
async def test_a_worker_killed_with_several_strategies_under_way_changes_nothing(ground: Ground) -> None:
    async with ground.lane("lane-1") as lane:
        for number, death in enumerate(DEATHS):
            await suffered(lane, f"several-{number}", death)
