"""A budget that runs out, end to end: who is asked in whose place, what is told of it, and that exits go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from activities.casting import Cast
from adapters.postgres.spending import PostgresSpending
from tests.fakes import model
from tests.fakes.model import ScriptedModel
from tests.fakes.seats import RULES, Dear, cast, seat
from tests.rig import Ports, cycle, findings, request, serving
from trading.agents.budget import Budget, Caps
from trading.agents.questions import Agent, Asking
from trading.docket import CycleOutcome, CycleReport
from trading.events import EventType
from trading.spending import SpendKey

PAIR = ("AAPL", "MSFT")


class Paying:
    """A desk on the sample's last day whose models cost something."""

    def __init__(self, temporal: WorkflowEnvironment, engine: AsyncEngine, data: Path) -> None:
        self.client = temporal.client
        self.engine = engine
        self.ports = Ports.real(engine, data)

    async def cycle(self, budget: Budget, seated: Cast) -> CycleReport:
        """Run one cycle of two symbols, and hold the books against the invariants."""
        ports = self.ports.but(budget=budget, cast=seated)
        async with serving(self.client, ports):
            report = await cycle(self.client, request(*PAIR))
        assert report.findings == await findings(ports) == ()
        return report

    async def events(self, kind: EventType) -> list[dict[str, object]]:
        """What the log says of this kind."""
        books = await self.ports.ledger.books("main")
        return [dict(stored.event.data) for stored in books.events if stored.event.type is kind]

    async def told(self) -> list[str]:
        """The levels that were told, and how many alerts of them there are."""
        levels = [str(said["level"]) for said in await self.events(EventType.BUDGET_DEGRADED)]
        alerts = [said for said in await self.events(EventType.ALERT_RAISED) if said["topic"] == "spend"]
        return [*levels, f"{len(alerts)} alerts"]


@pytest.fixture
def paying(temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path) -> Paying:
    return Paying(temporal, engine, sample_data)


def dollars(cap: str) -> Budget:
    return Budget(day=Caps(usd=Decimal(cap)))


@pytest.mark.faults
async def test_with_room_enough_everybody_is_asked_and_every_call_is_in_the_ledger(paying: Paying) -> None:
    dear = Dear(ScriptedModel())
    report = await paying.cycle(dollars("1"), cast(seat(dear)))
    assert (report.outcome, len(dear.asked)) == (CycleOutcome.TRADED, 6)
    assert await paying.told() == ["0 alerts"]
    lines = await PostgresSpending(paying.engine).lines("main", datetime(2026, 1, 1, tzinfo=UTC), SpendKey.AGENT)
    assert {line.key: (line.calls, line.settled_usd) for line in lines} == {
        "DataAgent": (2, Decimal("0.2")),
        "RiskManager": (1, Decimal("0.1")),
        "Validator": (2, Decimal("0.2")),
        "MetaAgent": (1, Decimal("0.1")),
    }


@pytest.mark.faults
async def test_at_eighty_percent_the_fallback_is_asked_and_one_alert_says_so(paying: Paying) -> None:
    dear, cheap = Dear(ScriptedModel()), Dear(ScriptedModel(), "0.001")
    fallback = seat(cheap, "0.001", "cheap-1")
    # Two DataAgents make 0.2 of 0.25: the rest is asked of the cheaper one.
    report = await paying.cycle(dollars("0.25"), cast(seat(dear, fallback=fallback)))
    assert report.outcome is CycleOutcome.TRADED
    assert (dear.of(Agent.DATA), len(dear.asked), len(cheap.asked)) == (2, 2, 4)
    assert await paying.told() == ["fallback", "1 alerts"]
    assert {dict(said["source"])["model"] for said in await paying.events(EventType.RISK_ASSESSED)} == {"cheap-1"}  # type: ignore[call-overload]


@pytest.mark.faults
async def test_without_a_fallback_the_rules_answer(paying: Paying) -> None:
    dear = Dear(ScriptedModel())
    await paying.cycle(dollars("0.25"), cast(seat(dear)))
    assert len(dear.asked) == 2
    [source] = {str(said["source"]) for said in await paying.events(EventType.RISK_ASSESSED)}
    assert "rules-1" in source


async def test_at_ninety_percent_the_validator_is_not_asked_and_the_meta_agent_is_told(paying: Paying) -> None:
    dear, cheap = Dear(ScriptedModel()), Dear(ScriptedModel(), "0.001")
    report = await paying.cycle(dollars("0.22"), cast(seat(dear, fallback=seat(cheap, "0.001", "cheap-1"))))
    assert report.outcome is CycleOutcome.TRADED
    assert (len(dear.asked), cheap.of(Agent.VALIDATOR)) == (2, 0)
    silent = await paying.events(EventType.AGENT_ABSTAINED)
    assert {(said["agent"], said["cause"], said["symbol"]) for said in silent} == {
        ("Validator", "NotAsked", symbol) for symbol in PAIR
    }
    [asked] = [question for question in cheap.asked if question.agent is Agent.META]
    assert "The Validator was not asked" in asked.user
    assert {row.validated for row in report.rows} == {None}
    assert await paying.told() == ["skipping", "1 alerts"]


async def test_when_it_is_spent_nothing_opens_and_what_is_held_is_still_sold(paying: Paying) -> None:
    free = Cast({agent: replace(RULES, model=ScriptedModel()) for agent in Agent}, cast(RULES).prompts, RULES)
    assert (await paying.cycle(Budget(), free)).outcome is CycleOutcome.TRADED
    # The rules say hold to whatever the sample holds; here they say sell, so that there is an exit to see.
    sells = replace(RULES, model=ScriptedModel({Agent.DATA: model.sells}), asking=Asking(model="rules-of-ours"))
    dear = Dear(ScriptedModel())
    report = await paying.cycle(dollars("0"), replace(cast(seat(dear)), rules=sells))
    assert dear.asked == []
    assert [(row.symbol, row.order_state, row.validated) for row in report.rows] == [
        (symbol, "filled", None) for symbol in PAIR
    ]
    assert (await paying.ports.ledger.portfolio("main")).positions == ()
    assert await paying.told() == ["closed", "1 alerts"]


@pytest.mark.faults
async def test_a_cycle_that_runs_out_in_its_middle_opens_nothing(paying: Paying) -> None:
    dear = Dear(ScriptedModel())
    # DataAgents, RiskManager and Validators fit; the MetaAgent does not.
    budget = Budget(cycle=Caps(usd=Decimal("0.55")), fallback_at=Decimal(1), skip_at=Decimal(1))
    report = await paying.cycle(budget, cast(seat(dear)))
    assert (report.outcome, len(dear.asked)) == (CycleOutcome.NONE_DECIDED, 5)
    assert await paying.ports.broker.orders("main") == ()
    decisions = await paying.events(EventType.META_AGENT_DECISION)
    assert {(said["symbol"], said["verdict"], said["quantity"]) for said in decisions} == {
        (symbol, "DO_NOT_EXECUTE", "0") for symbol in PAIR
    }
    assert all(row.note.startswith("not opened: 0.5000 of 0.5500 dollars this cycle") for row in report.rows)
    again = await paying.cycle(budget, cast(seat(Dear(ScriptedModel()), name="dear-2")))
    assert again.outcome is CycleOutcome.NONE_DECIDED
    # Each cycle has its event; of cycles one alert a day.
    assert await paying.told() == ["closed", "closed", "1 alerts"]


@pytest.mark.faults
async def test_a_price_that_nobody_knows_counts_as_the_worst_case(paying: Paying) -> None:
    dear = Dear(ScriptedModel(), usd=None)
    budget = Budget(day=Caps(usd=Decimal(9)), unknown_usd_per_million_tokens=Decimal(10))
    await paying.cycle(budget, cast(seat(dear, usd=None)))
    [line] = await PostgresSpending(paying.engine).lines("main", datetime(2026, 1, 1, tzinfo=UTC), SpendKey.MODEL)
    assert (line.calls, line.unpriced, line.usd, line.unpriced_usd) == (6, 6, Decimal("0.06"), Decimal("0.06"))
