"""Every way out of a cycle, end to end: what nobody wants to trade is not traded, and the books say why."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from tests.fakes import model
from tests.fakes.model import Says, ScriptedModel, Words
from tests.rig import Ports, ask, cycle, findings, outcome, request, serving
from tests.workflows.conftest import Keep
from trading.agents.questions import Agent, Question
from trading.docket import CycleOutcome, CycleReport
from trading.errors import ModelRefused, ModelUnavailable
from trading.events import EventType

PAIR = ("AAPL", "MSFT")


class Floor:
    """A desk on the sample's last day whose model says what the test scripts."""

    def __init__(self, temporal: WorkflowEnvironment, engine: AsyncEngine, data: Path, keep: Keep) -> None:
        self.client = temporal.client
        self.ports = Ports.real(engine, data)
        self.keep = keep
        self.model = ScriptedModel()

    async def cycle(self, name: str, script: Mapping[Agent, Says]) -> CycleReport:
        """Run one cycle of two symbols, keep its history, and hold the books against the invariants."""
        self.model = ScriptedModel(script)
        ports = self.ports.but(model=self.model)
        async with serving(self.client, ports):
            ticket = await ask(self.client, request(*PAIR))
            report = await outcome(self.client, ticket)
        await self.keep(f"cycle-{name}", self.client.get_workflow_handle(ticket.workflow_id))
        assert report.findings == await findings(ports) == ()
        return report

    async def events(self, kind: EventType) -> list[dict[str, JsonValue]]:
        """What the log says of this kind."""
        books = await self.ports.ledger.books("main")
        return [stored.event.data for stored in books.events if stored.event.type is kind]

    async def orders(self) -> int:
        """How many orders the broker was sent."""
        return len(await self.ports.broker.orders("main"))


@pytest.fixture
def floor(temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep) -> Floor:
    return Floor(temporal, engine, sample_data, keep)


@pytest.mark.faults
@pytest.mark.parametrize(
    ("name", "script", "ends", "agents"),
    [
        ("no-signals", {Agent.DATA: model.holds}, CycleOutcome.NO_SIGNALS, 1),
        ("none-allowed", {Agent.DATA: model.sells}, CycleOutcome.NONE_ALLOWED, 1),
        ("none-approved", {Agent.RISK: model.refuses}, CycleOutcome.NONE_APPROVED, 2),
        ("none-validated", {Agent.VALIDATOR: model.disagrees}, CycleOutcome.NONE_VALIDATED, 3),
        ("none-decided", {Agent.META: model.declines}, CycleOutcome.NONE_DECIDED, 4),
    ],
)
async def test_a_cycle_ends_where_nothing_is_left_and_asks_nobody_further(
    floor: Floor, name: str, script: Mapping[Agent, Says], ends: CycleOutcome, agents: int
) -> None:
    report = await floor.cycle(name, script)
    assert (report.outcome, len({question.agent for question in floor.model.asked})) == (ends, agents), report
    assert await floor.orders() == 0
    assert await floor.events(EventType.CYCLE_COMPLETED) == [{"outcome": ends, "reason": "", "strategy_id": "agents"}]


@pytest.mark.faults
async def test_everything_approved_is_traded(floor: Floor) -> None:
    report = await floor.cycle("traded", {})
    assert report.outcome is CycleOutcome.TRADED
    assert [(row.symbol, row.order_state, row.filled) for row in report.rows] == [
        (s, "filled", Decimal(10)) for s in PAIR
    ]


@pytest.mark.faults
async def test_one_unreadable_answer_costs_that_symbol_only(floor: Floor) -> None:
    def mumbles(question: Question) -> Words:
        return "buy, surely" if question.facts["symbol"] == "AAPL" else model.buys("10")(question)

    report = await floor.cycle("one-unreadable", {Agent.DATA: mumbles})
    assert [(row.symbol, row.order_state) for row in report.rows] == [("AAPL", None), ("MSFT", "filled")]
    assert [said["cause"] for said in await floor.events(EventType.AGENT_ABSTAINED)] == ["UnreadableAnswer"]
    asked = [q.repair and q.repair.said for q in floor.model.asked if q.facts.get("symbol") == "AAPL"]
    assert asked == [None, "buy, surely"]


@pytest.mark.faults
@pytest.mark.parametrize(
    ("agent", "ends"),
    [
        (Agent.DATA, CycleOutcome.NO_SIGNALS),
        (Agent.RISK, CycleOutcome.NONE_APPROVED),
        (Agent.VALIDATOR, CycleOutcome.NONE_VALIDATED),
        (Agent.META, CycleOutcome.NONE_DECIDED),
    ],
)
async def test_an_agent_that_cannot_be_read_ends_the_cycle_without_orders(
    floor: Floor, agent: Agent, ends: CycleOutcome
) -> None:
    report = await floor.cycle(f"unreadable-{agent.lower()}", {agent: lambda _: '{"assessments": [NaN'})
    assert (report.outcome, await floor.orders()) == (ends, 0)
    abstained = await floor.events(EventType.AGENT_ABSTAINED)
    assert {(said["agent"], said["cause"]) for said in abstained} == {(agent, "UnreadableAnswer")}


@pytest.mark.faults
async def test_one_validator_that_is_lost_for_words_costs_that_symbol_only(floor: Floor) -> None:
    def loses_words(question: Question) -> Words:
        said = model.agrees(question)
        return "" if isinstance(said, dict) and said["symbol"] == "MSFT" else said

    report = await floor.cycle("one-unvalidated", {Agent.VALIDATOR: loses_words})
    assert [(row.symbol, row.order_state) for row in report.rows] == [("AAPL", "filled"), ("MSFT", None)]


@pytest.mark.faults
async def test_a_question_that_is_refused_for_every_symbol_fails_the_cycle_at_once(floor: Floor) -> None:
    report = await floor.cycle("model-refused", {Agent.DATA: lambda _: ModelRefused("no such model")})
    assert (report.outcome, "no such model" in report.reason) == (CycleOutcome.FAILED, True)
    assert len(floor.model.asked) == len(PAIR)
    assert {said["cause"] for said in await floor.events(EventType.AGENT_ABSTAINED)} == {"ModelRefused"}


@pytest.mark.faults
async def test_a_model_that_stays_away_is_asked_again_and_then_missed(
    skipping: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep
) -> None:
    floor = Floor(skipping, engine, sample_data, keep)
    report = await floor.cycle("model-unavailable", {Agent.RISK: lambda _: ModelUnavailable("overloaded")})
    assert (report.outcome, await floor.orders()) == (CycleOutcome.NONE_APPROVED, 0)
    assert len([question for question in floor.model.asked if question.agent is Agent.RISK]) == 5
    [said] = await floor.events(EventType.AGENT_ABSTAINED)
    assert said["cause"] == "NoAnswer"
    assert "overloaded" in str(said["reason"])


@pytest.mark.faults
async def test_a_model_that_comes_back_is_heard(floor: Floor) -> None:
    def stumbles(question: Question) -> Words:
        first = sum(asked.agent is Agent.META for asked in floor.model.asked) == 1
        return ModelUnavailable("again please") if first else model.executes(question)

    report = await floor.cycle("model-back", {Agent.META: stumbles})
    assert report.outcome is CycleOutcome.TRADED


async def test_a_symbol_that_the_market_does_not_have_fails_the_cycle_by_name(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep
) -> None:
    ports = Ports.real(engine, sample_data)
    async with serving(temporal.client, ports):
        report = await cycle(temporal.client, request("AAPL", "ZZZZ"))
        await keep("cycle-unknown-symbol", temporal.client.get_workflow_handle(f"cycle/{report.cycle_id}"))
    assert (report.outcome, "ZZZZ" in report.reason) == (CycleOutcome.FAILED, True)
    assert "AAPL" not in report.reason
