"""Two builds of the workers beside each other, on a real server: who runs what, and what goes over."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from pydantic_core import from_json
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import Client
from temporalio.common import WorkerDeploymentVersion
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from adapters.metrics.queues import look_at_queues
from adapters.postgres.engine import Database
from adapters.temporal.pulse import serves
from adapters.temporal.versions import (
    BUILD,
    DEPLOYMENT,
    LOOK_SECONDS,
    builds,
    config_of,
    is_current,
    make_current,
    own,
    ramp,
    when_current,
)
from console.rollout import current_build, over
from tests.fakes.model import ScriptedModel
from tests.rig import Ports, ask, cycle, desk_of, findings, outcome, request, serving, until
from trading.agents.questions import Question, Reply
from trading.docket import CycleOutcome
from trading.errors import BadConfiguration
from workflows import policies
from workflows.alert_watch import AlertWatch
from workflows.trading_desk import TradingDesk

NAME = "trading"
pytestmark = pytest.mark.faults


class Thinking(ScriptedModel):
    """A model that thinks until it may speak."""

    def __init__(self) -> None:
        super().__init__()
        self.thinks, self.may_speak = asyncio.Event(), asyncio.Event()

    async def answer(self, question: Question) -> Reply:
        self.thinks.set()
        await self.may_speak.wait()
        return await super().answer(question)


def version(build: str) -> WorkerDeploymentVersion:
    return WorkerDeploymentVersion(NAME, build)


def workers(client: Client, ports: Ports, build: str) -> AbstractAsyncContextManager[None]:
    return serving(client, ports, deployment_config=config_of(version(build)))


async def put(client: Client, build: str) -> None:
    """Make it the current one as soon as Temporal knows of its workers of every queue."""

    async def done() -> bool:
        try:
            await make_current(client, NAME, build, by="test")
        except RPCError:
            return False
        return True

    await until(done)
    await over(client, NAME)


async def ran_on(client: Client, workflow_id: str) -> list[str]:
    """The builds whose workers did a workflow's tasks, in their order, each once."""
    found: list[str] = []
    async for event in client.get_workflow_handle(workflow_id).fetch_history_events():
        done = event.workflow_task_completed_event_attributes
        if event.HasField("workflow_task_completed_event_attributes"):
            found.append(done.deployment_version.build_id or done.worker_deployment_version)
    return list(dict.fromkeys(found))


async def last_on(client: Client, workflow_id: str, build: str) -> bool:
    return (await ran_on(client, workflow_id))[-1:] == [build]


async def desk_is_on(client: Client, build: str) -> None:
    await until(lambda: last_on(client, "desk/main", build))


async def state_of(client: Client, build: str) -> str:
    return {one.build_id: one.state for one in await builds(client, NAME)}[build]


async def test_a_desk_goes_over_and_a_cycle_ends_where_it_began(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    client, model = temporal.client, Thinking()
    ports = Ports.real(engine, sample_data).but(model=model)
    async with workers(client, ports, "one"):
        await put(client, "one")
        first = await ask(client, request())
        await model.thinks.wait()
        async with workers(client, ports, "two"):
            await put(client, "two")
            await desk_is_on(client, "two")
            assert await state_of(client, "one") == "draining"
            model.may_speak.set()
            assert (await outcome(client, first)).outcome is CycleOutcome.TRADED
            second = await cycle(client, request(trace_id="trace-2"))
            assert second.outcome is not CycleOutcome.FAILED
            assert await ran_on(client, first.workflow_id) == ["one"]
            assert await ran_on(client, f"cycle/{second.cycle_id}") == ["two"]
            assert await findings(ports) == ()


async def test_a_desk_comes_back_and_every_cycle_is_whole(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    client, ports = temporal.client, Ports.real(engine, sample_data)
    async with workers(client, ports, "one"), workers(client, ports, "two"):
        ran = []
        for number, build in enumerate(("one", "two", "one")):
            await put(client, build)
            if number:
                await desk_is_on(client, build)
            report = await cycle(client, request(trace_id=f"trace-{number}"))
            assert report.outcome is not CycleOutcome.FAILED
            ran.append(await ran_on(client, f"cycle/{report.cycle_id}"))
        assert ran == [["one"], ["two"], ["one"]]
        assert [line.outcome for line in await desk_of(client).query(TradingDesk.cycles)].count(None) == 0
        assert await findings(ports) == ()


async def test_a_desk_that_knew_of_no_builds_goes_over_to_the_first(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    client, ports = temporal.client, Ports.real(engine, sample_data)
    async with serving(client, ports):
        first = await cycle(client, request())
        async with workers(client, ports, "one"):
            await put(client, "one")
            await desk_is_on(client, "one")
    async with workers(client, ports, "one"):
        second = await cycle(client, request(trace_id="trace-2"))
        assert await ran_on(client, f"cycle/{second.cycle_id}") == ["one"]
        assert await ran_on(client, f"cycle/{first.cycle_id}") == [""]
        known = await desk_of(client).query(TradingDesk.cycles)
        assert [line.cycle_id for line in known] == [first.cycle_id, second.cycle_id]


async def test_a_cycle_whose_build_is_away_waits_for_it_and_ends(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    client, model = temporal.client, Thinking()
    ports = Ports.real(engine, sample_data).but(model=model)
    async with workers(client, ports, "two"):
        async with workers(client, ports, "one"):
            await put(client, "one")
            first = await ask(client, request())
            await model.thinks.wait()
            await put(client, "two")
            await desk_is_on(client, "two")
        model.may_speak.set()
        second = await cycle(client, request(trace_id="trace-2", strategy_id="agents"), desk_id="other")
        assert await ran_on(client, f"cycle/{second.cycle_id}") == ["two"]
        async with workers(client, ports, "one"):
            assert (await outcome(client, first)).outcome is CycleOutcome.TRADED
            assert await ran_on(client, first.workflow_id) == ["one"]
            assert await findings(ports) == ()


async def test_a_watch_goes_over_with_the_step_that_it_waits_for(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    client, ports = temporal.client, Ports.real(engine, sample_data)
    async with workers(client, ports, "two"):
        async with workers(client, ports, "one"):
            await put(client, "one")
            await client.start_workflow(AlertWatch.run, "main", id="alerts/main", task_queue=policies.DESK_QUEUE)
            await until(lambda: watching(client))
            assert await ran_on(client, "alerts/main") == ["one"]
            await put(client, "two")
        await until(lambda: last_on(client, "alerts/main", "two"))
        await until(lambda: watching(client))


async def test_a_watch_begins_where_there_are_no_builds_and_goes_over_to_the_first(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    client, ports = temporal.client, Ports.real(engine, sample_data)
    async with serving(client, ports):
        await client.start_workflow(AlertWatch.run, "main", id="alerts/main", task_queue=policies.DESK_QUEUE)
        await until(lambda: watching(client))
        assert await ran_on(client, "alerts/main") == [""]
    async with workers(client, ports, "one"):
        await put(client, "one")
        await until(lambda: last_on(client, "alerts/main", "one"))
        await until(lambda: watching(client))


async def watching(client: Client) -> bool:
    described = await client.get_workflow_handle("alerts/main").describe()
    started = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
    return any(one.state == started for one in described.raw_description.pending_activities)


async def test_a_build_that_nobody_serves_does_not_become_current(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    client, ports = temporal.client, Ports.real(engine, sample_data)
    async with workers(client, ports, "one"):
        await put(client, "one")
        assert (
            await refused(client, "nobody") == "build nobody has no worker for agents, desk, orders: start them first"
        )
        async with half_of(client, ports):
            await until(lambda: is_known(client, "half"))
            assert await refused(client, "half") == "build half has no worker for desk, orders: start them first"
        assert await is_current(client, version("one"))


def half_of(client: Client, ports: Ports) -> Worker:
    return Worker(
        client,
        task_queue=policies.AGENTS_QUEUE,
        activities=ports.activities(policies.AGENTS_QUEUE),
        deployment_config=config_of(version("half")),
    )


async def test_a_queue_that_does_not_hear_of_it_in_time_is_a_line_that_says_what_to_do(
    temporal: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> None:
        raise TimeoutError

    monkeypatch.setattr("console.rollout.settled", never)
    with pytest.raises(BadConfiguration, match="type it again"):
        await over(temporal.client, NAME)


async def refused(client: Client, build: str) -> str:
    with pytest.raises(BadConfiguration) as said:
        await current_build(client, NAME, build)
    return str(said.value)


async def is_known(client: Client, build: str) -> bool:
    return build in {one.build_id for one in await builds(client, NAME)}


async def test_a_part_of_what_begins_is_told_as_that(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    client, ports = temporal.client, Ports.real(engine, sample_data)
    async with workers(client, ports, "one"), workers(client, ports, "two"):
        await put(client, "one")
        await until(lambda: is_known(client, "two"))
        await ramp(client, NAME, "two", 25, by="test")
        told = {one.build_id: (one.state, one.percent) for one in await builds(client, NAME)}
        assert told == {"one": ("current", None), "two": ("ramping", 25.0)}
        assert await serves(client, policies.QUEUES)
        looks = {(one.queue, one.kind): one.pollers for one in await look_at_queues(client, policies.QUEUES)}
        assert looks["orders", "activity"] == looks["desk", "workflow"] == 1
        await ramp(client, NAME, "two", 0, by="test")
        assert {one.state for one in await builds(client, NAME)} == {"current", "draining"}


async def test_the_routine_begins_when_a_build_is_current_and_when_it_comes_back(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    client, ports, begun = temporal.client, Ports.real(engine, sample_data), Counted()
    async with workers(client, ports, "one"), workers(client, ports, "two"):
        await put(client, "one")
        async with when_current(client, version("two"), begun):
            assert begun.times == 0
            await put(client, "two")
            await until(lambda: begun.at_least(1))
            await put(client, "one")
            await asyncio.sleep(LOOK_SECONDS + 1)
            await put(client, "two")
            await until(lambda: begun.at_least(2))
        async with when_current(client, None, begun):
            assert begun.times == 3


@pytest.mark.parametrize(
    ("deployment", "build", "words"),
    [("trading", "", "go together"), ("", "one", "go together"), ("trading.eu", "one", "has a dot")],
)
def test_half_of_a_build_is_refused(monkeypatch: pytest.MonkeyPatch, deployment: str, build: str, words: str) -> None:
    monkeypatch.setenv(DEPLOYMENT, deployment)
    monkeypatch.setenv(BUILD, build)
    with pytest.raises(BadConfiguration, match=words):
        own()


async def test_a_person_sees_the_builds_and_puts_one_before_the_other(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, database: Database, tmp_path: Path
) -> None:
    client, ports = temporal.client, Ports.real(engine, sample_data)

    async def typed(*words: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(Path(__file__).parents[2] / "starter.py"), "rollout", *words),
            env={
                **os.environ,
                "DB_HOST": database.host,
                "TEMPORAL_ADDRESS": client.service_client.config.target_host,
                "TEMPORAL_NAMESPACE": "trading",
            },
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        return process.returncode, said.decode()

    assert await typed("list") == (
        1,
        f"starter: no deployment is named, and no worker has told one: set {DEPLOYMENT}\n",
    )
    async with workers(client, ports, "one"), workers(client, ports, "two"):
        await put(client, "one")
        await until(lambda: is_known(client, "two"))
        code, said = await typed("ramp", "two", "10", "--json")
        assert (code, [one["percent"] for one in from_json(said)["builds"]].count(10.0)) == (0, 1)
        code, said = await typed("current", "two")
        assert code == 0, said
        assert "what begins, begins here" in said
        assert await is_current(client, version("two"))
        assert await typed("current", "three") == (
            1,
            "starter: build three has no worker for agents, desk, orders: start them first\n",
        )


class Counted:
    """How often it was called."""

    def __init__(self) -> None:
        self.times = 0

    async def __call__(self) -> None:
        self.times += 1

    async def at_least(self, times: int) -> bool:
        return self.times >= times
