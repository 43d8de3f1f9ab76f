"""Traces through Temporal: what one asked for is one tree under one root, whoever runs it, however often it replays."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.client import (
    Client,
    ScheduleActionExecutionStartWorkflow,
    ScheduleOverlapPolicy,
    WorkflowHistory,
)
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from adapters.exchange_calendar import ExchangeCalendar
from adapters.postgres.engine import Database, application_engine
from adapters.temporal.plugin import DeskPlugin
from adapters.tracing.ports import TracedJournal, TracedModel
from adapters.tracing.temporal import plugins
from console.asking import send
from console.routine import begin_routine
from tests.clocks import ALWAYS
from tests.fakes.model import ScriptedModel, holds
from tests.histories.record import read, saved
from tests.otlp import Receiver, Tree
from tests.rig import Ports, ask, cycle, desk_of, outcome, request, serving, until
from tests.tracing import flush, traced, tracing
from trading.agents.questions import Agent
from trading.desk import HaltAsked, PriceMoved
from trading.docket import CycleOutcome
from trading.moves import MoveCause
from worker import WORKFLOWS
from workflows.trading_desk import TradingDesk

AGENTS = ("DataAgent", "RiskManager", "Validator", "MetaAgent")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with traced() as found:
        yield found


@pytest.fixture
async def ports(receiver: Receiver, database: Database, sample_data: Path) -> Ports:
    """A desk whose statements are seen, and each call of its models."""
    assert receiver.spans == []
    real = Ports.real(application_engine(database), sample_data)
    return real.but(model=TracedModel(ScriptedModel()), journal=TracedJournal(real.journal))


async def desk_run(client: Client) -> str | None:
    """The run of the desk that is under way."""
    return (await desk_of(client).describe()).run_id


async def fired(client: Client, name: str) -> str:
    """Have a schedule fire, and wait until what it starts has ended: the name of that workflow."""
    schedule = client.get_schedule_handle(name)
    before = len((await schedule.describe()).info.recent_actions)
    await asyncio.sleep(1)  # it names what it starts after the second
    await schedule.trigger(overlap=ScheduleOverlapPolicy.ALLOW_ALL)

    async def held() -> bool:
        return len((await schedule.describe()).info.recent_actions) > before

    await until(held)
    action = (await schedule.describe()).info.recent_actions[-1].action
    assert isinstance(action, ScheduleActionExecutionStartWorkflow)
    await client.get_workflow_handle(action.workflow_id).result()
    return action.workflow_id


def assert_whole(tree: Tree, *roots: str) -> None:
    assert (tree.roots, tree.lost, tree.twice) == (list(roots), [], [])


def assert_traded(tree: Tree, symbols: int, orders: int) -> None:
    """Every agent, every call, every order and every fill is in it, under the cycle."""
    turns = [one.attributes["gen_ai.agent.name"] for one in tree.named("invoke_agent")]
    assert sorted(set(turns)) == sorted(AGENTS)
    assert turns.count("DataAgent") == symbols
    calls = [one for one in tree.named("chat ") if one.attributes["gen_ai.operation.name"] == "chat"]
    assert len(calls) == len(turns)
    assert all("RunWorkflow:TradingCycle" in tree.above(one) for one in calls)
    sent = tree.named("RunWorkflow:OrderExecution")
    names = {one.attributes["trading.order.client_order_id"] for one in sent}
    assert (len(sent), len(names)) == (orders, orders)
    assert names == {one.attributes["trading.order.client_order_id"] for one in tree.named("intend order")}
    assert names == {one.attributes["trading.order.client_order_id"] for one in tree.named("fill")}
    assert all("RunWorkflow:TradingCycle" in tree.above(one) for one in [*sent, *tree.named("fill")])
    (market,) = tree.named("market data")
    assert market.attributes["trading.market.provider"] == "file"
    assert tree.named("SELECT"), "the database is in it"


@pytest.mark.faults
@pytest.mark.parametrize("cached", [1000, 0], ids=["from the cache", "every task replayed"])
async def test_a_cycle_is_one_tree_under_whoever_asked(
    ports: Ports, temporal: WorkflowEnvironment, receiver: Receiver, cached: int
) -> None:
    client = await tracing(temporal.client)
    async with serving(client, ports, max_cached_workflows=cached):
        for name in ("asked-by-ann", "asked-by-bob"):
            report = await cycle(client, request("AAPL", "MSFT", trace_id=name))
            assert report.outcome is CycleOutcome.TRADED
    flush()
    first, second = receiver.trace("asked-by-ann"), receiver.trace("asked-by-bob")
    for tree in (first, second):
        assert_whole(tree, "StartUpdateWithStartWorkflow:TradingDesk")
        assert [one.name for one in tree.spans if one.failed] == []
    assert_traded(first, symbols=2, orders=2)
    known = second.named("known ")
    assert known, "a question that was asked before is no call, but a span that says so"
    assert len(known) + len(second.named("chat ")) == len(second.named("invoke_agent"))
    assert {one.attributes["trading.order.outcome"] for one in second.named("intend order")} == {"denied"}
    desk = receiver.trace((await desk_of(client).describe()).run_id)
    assert {one.trace for one in desk.named("RunActivity:judge_desk")}, "a desk's own looks are in no cycle's trace"


@pytest.mark.faults
async def test_the_firing_of_a_schedule_is_a_trace_of_its_own(
    ports: Ports, temporal: WorkflowEnvironment, receiver: Receiver
) -> None:
    client = await tracing(temporal.client)
    always = ports.but(calendar=ExchangeCalendar("24/7", until=datetime.now(UTC).date()))
    async with serving(client, always):
        await begin_routine(client, ALWAYS, listens=False, watches=False)
        scan = await fired(client, "scan/main")
        looks = [await fired(client, "reconciliation/main") for _ in range(2)]
    flush()
    tree = receiver.trace(scan)
    assert_whole(tree, "RunWorkflow:ScheduledScan")
    assert_traded(tree, symbols=2, orders=2)
    assert {one.attributes["trading.trace_id"] for one in tree.named("RunWorkflow:TradingCycle")} == {scan}
    for look in looks:
        assert_whole(receiver.trace(look), "RunWorkflow:Reconciliation")


@pytest.mark.faults
async def test_a_move_and_a_halt_are_traces_of_their_own(
    ports: Ports, temporal: WorkflowEnvironment, receiver: Receiver
) -> None:
    client = await tracing(temporal.client)
    async with serving(client, ports.but(model=ScriptedModel({Agent.DATA: holds}))):
        moved = PriceMoved(symbol="AAPL", cause=MoveCause.PRICE, trace_id="it-moved", moved_at=datetime.now(UTC))
        await send(client, "main", moved)
        desk = desk_of(client)

        async def looked() -> bool:
            return any(line.outcome is not None for line in await desk.query(TradingDesk.cycles))

        await until(looked)
        await send(client, "main", HaltAsked(reason="enough", trace_id="enough"))

        async def halted() -> bool:
            return (await desk.query(TradingDesk.circuit_breaker)).reason == "enough"

        await until(halted)
    flush()
    for name, below in (("it-moved", "RunWorkflow:TradingCycle"), ("enough", "RunActivity:change_state")):
        tree = receiver.trace(name)
        assert tree.named(below)
        assert_whole(tree, "SignalWithStartWorkflow:TradingDesk")


@pytest.mark.faults
async def test_a_desk_that_continues_as_new_knows_who_asked(
    ports: Ports, temporal: WorkflowEnvironment, receiver: Receiver
) -> None:
    client = await tracing(temporal.client)
    async with serving(client, ports):
        await ask(client, request("AAPL", trace_id="the-first"))
        first = await desk_run(client)
        tickets = [
            await ask(client, request("AAPL", trace_id=f"waits-{number}", request_id=f"r{number}"))
            for number in range(12)
        ]
        for ticket in tickets:
            await outcome(client, ticket)
        assert await desk_run(client) != first, "it has continued as new meanwhile"
    flush()
    for number in range(12):
        assert_whole(receiver.trace(f"waits-{number}"), "StartUpdateWithStartWorkflow:TradingDesk")


@pytest.mark.faults
async def test_a_worker_that_traces_and_one_that_does_not_share_a_desk(
    ports: Ports, temporal: WorkflowEnvironment, receiver: Receiver
) -> None:
    client = await tracing(temporal.client)
    for turn, workers in enumerate((client, temporal.client, client)):
        async with serving(workers, ports, max_cached_workflows=0):
            report = await cycle(temporal.client, request("AAPL", trace_id=f"turn-{turn}"))
            assert report.outcome is not CycleOutcome.FAILED
    flush()
    for turn in (0, 2):
        tree = receiver.trace(f"turn-{turn}")
        assert_whole(tree, "HandleUpdate:run_cycle")
        assert tree.named("RunWorkflow:TradingCycle")
    assert receiver.trace("turn-1").named("RunWorkflow:") == []


@pytest.mark.faults
async def test_every_saved_history_replays_with_traces(receiver: Receiver) -> None:
    replayer = Replayer(workflows=WORKFLOWS, plugins=[DeskPlugin(), *plugins()])
    failed = {}
    for path in saved():
        history = WorkflowHistory.from_json(path.name.split(".")[0], read(path))
        result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        if result.replay_failure is not None:
            failed[path.name] = result.replay_failure
    assert failed == {}
