"""A debate on real servers: words in turn, kept in the log, read by the MetaAgent, and left out when money is short."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from tests.fakes.model import ScriptedModel, argues
from tests.fakes.seats import Dear, cast, seat
from tests.rig import Ports, cycle, findings, request, serving
from tests.strategies import given
from tests.workflows.breaking import opened
from trading.agents.budget import Budget, Caps
from trading.agents.envelope import CLOSE, OPEN
from trading.agents.questions import Agent
from trading.docket import CycleOutcome, CycleReport
from trading.events import EventType
from trading.strategy import first_strategy

PAIR = ("AAPL", "MSFT")
DEBATING = first_strategy().model_copy(update={"debate_rounds": 2})


async def debated(temporal: WorkflowEnvironment, ports: Ports) -> CycleReport:
    """One cycle of a desk whose strategy has debates."""
    async with serving(temporal.client, ports):
        await opened(temporal.client, ports, "main")
        await given(ports.ledger, DEBATING)
        report = await cycle(temporal.client, request(*PAIR))
    assert report.findings == await findings(ports) == ()
    return report


async def told(ports: Ports, kind: EventType) -> list[dict[str, object]]:
    books = await ports.ledger.books("main")
    return [dict(stored.event.data) for stored in books.events if stored.event.type is kind]


async def test_both_sides_are_heard_in_turn_and_the_meta_agent_reads_them(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    model = ScriptedModel({Agent.BEAR: argues(0.2, points=["It has run far"], rebuttal="Bull names no number")})
    ports = Ports.real(engine, sample_data).but(model=model)
    report = await debated(temporal, ports)
    assert report.outcome is CycleOutcome.TRADED
    said = await told(ports, EventType.ARGUMENT_MADE)
    for symbol in PAIR:
        words = [(one["word"], one["speaker"], one["conviction"]) for one in said if one["symbol"] == symbol]
        assert words == [(1, "Bull", 0.7), (2, "Bear", 0.2), (3, "Bull", 0.7), (4, "Bear", 0.2)]
    [meta] = [one for one in model.asked if one.agent is Agent.META]
    for text in ("Bull as scripted", "It has run far", "Bull names no number"):
        assert meta.user.count(f"{OPEN}{text}{CLOSE}") == 2 * len(PAIR)
    asked = {one.call_id for one in model.asked if one.agent in {Agent.BULL, Agent.BEAR}}
    assert {dict(one["source"])["call_id"] for one in said} == asked  # type: ignore[call-overload]
    assert len(asked) == 4 * len(PAIR)


@pytest.mark.faults
async def test_from_the_part_where_optional_agents_are_skipped_there_is_no_debate(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    dear, cheap = Dear(ScriptedModel()), Dear(ScriptedModel(), "0.001")
    seated = cast(seat(dear, fallback=seat(cheap, "0.001", "cheap-1")))
    # Two DataAgents make 0.2 of 0.22: from there on the cheaper one is asked, and nobody whose word can be spared.
    ports = Ports.real(engine, sample_data).but(budget=Budget(day=Caps(usd=Decimal("0.22"))), cast=seated)
    report = await debated(temporal, ports)
    assert report.outcome is CycleOutcome.TRADED
    assert [cheap.of(agent) for agent in (Agent.BULL, Agent.BEAR, Agent.META)] == [0, 0, 1]
    silent = await told(ports, EventType.AGENT_ABSTAINED)
    assert {(one["cause"], one["symbol"]) for one in silent if one["agent"] == "Bull"} == {
        ("NotAsked", symbol) for symbol in PAIR
    }
    assert await told(ports, EventType.ARGUMENT_MADE) == []
