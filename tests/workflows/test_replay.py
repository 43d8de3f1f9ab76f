"""A replay end to end: the same again is free and the same, another word is asked for, and nothing is ever sent."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import WorkflowFailureError
from temporalio.testing import WorkflowEnvironment

from activities.casting import Cast
from activities.gate import GateRules
from adapters.postgres.engine import transaction
from adapters.prompts import read_prompts
from tests.fakes.model import ScriptedModel
from tests.fakes.seats import Dear, cast, seat
from tests.rig import Ports, cycle, findings, request, serving
from tests.workflows.conftest import Keep
from trading.agents.budget import Budget, Caps
from trading.agents.posing import Prompt
from trading.agents.questions import Agent
from trading.docket import CycleReport
from trading.events import EventType
from trading.whatif import Otherwise, ReplayAsked, Replayed
from workflows import policies
from workflows.replay import Replay

PAIR = ("AAPL", "MSFT")
DOUBT = Prompt(agent=Agent.VALIDATOR, version="validator-doubt", system="Doubt <untrusted>.", task="Doubt this.")


class Desk:
    """A desk on the sample's last day that has run one cycle on a model at ten cents a call."""

    def __init__(self, temporal: WorkflowEnvironment, engine: AsyncEngine, data: Path) -> None:
        self.client = temporal.client
        self.engine = engine
        self.model, self.other = Dear(ScriptedModel()), Dear(ScriptedModel(), "0.2")
        named: dict[str, Any] = {"other-1": seat(self.other, "0.2", "other-1")}
        self.cast: Cast = cast(seat(self.model), named)
        budget = Budget(cycle=Caps(usd=Decimal(1)), day=Caps(usd=Decimal(2)))
        self.ports = Ports.real(engine, data).but(cast=self.cast, budget=budget, rules=GateRules(remembers=True))

    async def cycle(self) -> CycleReport:
        return await cycle(self.client, request(*PAIR))

    async def replay(self, cycle_id: str, number: int = 1, most: str = "1", **otherwise: Any) -> Replayed:
        asked = ReplayAsked(
            replay_id=f"replay/{number}",
            desk_id="main",
            cycle_id=cycle_id,
            otherwise=Otherwise.model_validate(otherwise),
            most_usd=Decimal(most),
        )
        queue = policies.DESK_QUEUE
        return await self.client.execute_workflow(Replay.run, asked, id=asked.replay_id, task_queue=queue)

    async def written(self) -> dict[str, int]:
        """How many rows each table has that a decision or an order would leave a row in."""
        tables = ("events", "orders", "fills", "shadow_trades", "memories", "cycle_grounds", "strategies")
        async with transaction(self.engine) as connection:
            return {
                name: int((await connection.execute(text(f"SELECT count(*) FROM {name}"))).scalar_one())  # noqa: S608
                for name in tables
            }


@pytest.fixture
def desk(temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path) -> Desk:
    return Desk(temporal, engine, sample_data)


@pytest.mark.faults
async def test_the_same_again_is_the_same_and_free_and_another_word_is_paid_for(desk: Desk, keep: Keep) -> None:
    async with serving(desk.client, desk.ports):
        report = await desk.cycle()
        asked, before = len(desk.model.asked), await desk.written()

        same = await desk.replay(report.cycle_id)
        assert (same.because, same.changed, same.then) == ("", (), same.now)
        assert {line.symbol for line in same.now} == set(PAIR)
        assert (len(same.paid.call_ids), same.paid.usd, len(desk.model.asked)) == (0, Decimal(0), asked)

        # Two questions to the Validator in other words; what the MetaAgent is asked then is what it was asked before,
        # for the words that came back are the same.
        doubted = await desk.replay(report.cycle_id, 2, prompts={Agent.VALIDATOR: DOUBT})
        assert (doubted.because, doubted.changed) == ("", ())
        assert (len(doubted.paid.call_ids), doubted.paid.usd) == (2, Decimal("0.2"))
        assert [question.system for question in desk.model.asked[asked:]] == [DOUBT.system] * 2
        word = doubted.now[0].by(Agent.VALIDATOR)
        assert word is not None
        assert (word.prompt, word.prompt_hash) == ("validator-doubt", desk.model.asked[-1].prompt_hash)

        await keep("replay-same", desk.client.get_workflow_handle("replay/1"))
        await keep("replay-other-words", desk.client.get_workflow_handle("replay/2"))

        other = await desk.replay(report.cycle_id, 3, models={Agent.META: "other-1"})
        assert (other.because, [question.agent for question in desk.other.asked]) == ("", [Agent.META])
        assert other.paid.usd == Decimal("0.2")
        assert await desk.written() == before
    assert await findings(desk.ports) == ()


@pytest.mark.faults
async def test_a_replay_spends_its_own_dollars_and_leaves_the_desk_its_day(desk: Desk) -> None:
    """Six calls of a dime have taken 0.60 of the desk's 2.00 a day, of which replays may have up to 1.60."""
    async with serving(desk.client, desk.ports):
        report = await desk.cycle()
        before = await desk.written()
        poor = await desk.replay(report.cycle_id, 1, "0.1", prompts={Agent.VALIDATOR: DOUBT})
        assert "dollars of this replay are used up" in poor.because
        assert poor.paid.usd == Decimal("0.1")
        costly = dict.fromkeys((Agent.DATA, Agent.RISK, Agent.VALIDATOR, Agent.META), "other-1")
        long = await desk.replay(report.cycle_id, 2, "50", models=costly)
        assert "dollars this day" in long.because
        assert long.paid.usd <= Decimal("0.9")
        # Nobody was told that the desk's own budget runs low, for it does not.
        assert await desk.written() == before


@pytest.mark.faults
async def test_nobody_answers_in_the_place_of_who_is_named(desk: Desk) -> None:
    """A fallback that the dollars would still be enough for is not asked, and costs nothing."""
    cheap = Dear(ScriptedModel(), "0.05")
    dear = seat(desk.other, "0.2", "other-1", fallback=seat(cheap, "0.05", "cheap-1"))
    desk.ports = desk.ports.but(cast=cast(seat(desk.model), {"other-1": dear}))
    async with serving(desk.client, desk.ports):
        report = await desk.cycle()
        poor = await desk.replay(report.cycle_id, 1, "0.1", models={Agent.META: "other-1"})
    assert "dollars of this replay are used up" in poor.because
    assert (poor.now, poor.paid.usd, cheap.asked, desk.other.asked) == ((), Decimal(0), [], [])


@pytest.mark.faults
async def test_every_word_of_an_agent_names_its_prompts_version_and_hash_in_the_log(desk: Desk) -> None:
    async with serving(desk.client, desk.ports):
        await desk.cycle()
    prompts = read_prompts()
    said = {
        EventType.SIGNAL_GENERATED: Agent.DATA,
        EventType.RISK_ASSESSED: Agent.RISK,
        EventType.VALIDATION_COMPLETE: Agent.VALIDATOR,
        EventType.META_AGENT_DECISION: Agent.META,
    }
    events = [stored.event for stored in (await desk.ports.ledger.books("main")).events]
    for kind, agent in said.items():
        sources: list[Any] = [event.data["source"] for event in events if event.type is kind]
        told = {(source["prompt_version"], source["prompt_hash"]) for source in sources}
        assert (len(sources), told) == (2, {(prompts[agent].version, prompts[agent].digest)})


@pytest.mark.faults
async def test_what_was_never_decided_cannot_be_decided_again(desk: Desk) -> None:
    async with serving(desk.client, desk.ports):
        await desk.cycle()
        with pytest.raises(WorkflowFailureError) as failed:
            await desk.replay("main/cycle-99")
    assert "no grounds of cycle main/cycle-99" in str(failed.value.cause.__cause__)
