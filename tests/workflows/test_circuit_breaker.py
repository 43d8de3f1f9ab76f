"""The circuit breaker of a desk on real servers: it trips, it is asked, it goes on, by hand and by itself."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from tests.fakes.model import ScriptedModel
from tests.making import DESK
from tests.rig import Ports, cycle, in_state, request, serving
from tests.workflows.breaking import DAY, Desk, Scripted, days, ending, moved, opened, resumed, tripped
from tests.workflows.conftest import Keep
from trading.agents.questions import Agent
from trading.breaker import Rule, StateChange, TradingState
from trading.breaker_rules import BreakerRules
from trading.desk import HaltAsked, ResumeAsked
from trading.docket import CycleOutcome
from trading.errors import ModelRefused
from trading.events import EventType
from workflows.trading_desk import TradingDesk

MONDAY = datetime(2026, 11, 16, 21, tzinfo=UTC)
# Losses that only the rule under test should see.
ROOMY = {"max_daily_loss": Decimal("0.9"), "max_weekly_loss": Decimal("0.9")}
WELL = BreakerRules.model_validate({**ROOMY, "min_sharpe": Decimal(-100)})


async def told(ports: Ports, *kinds: EventType) -> list[str]:
    books = await ports.ledger.books(DESK)
    return [str(one.event.data.get("reason")) for one in books.events if one.event.type in kinds]


async def refused(desk: Desk, asked: ResumeAsked) -> str:
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await desk.execute_update(TradingDesk.resume_now, asked)
    assert isinstance(failed.value.cause, ApplicationError)
    return failed.value.cause.message


@pytest.mark.faults
async def test_a_drawdown_halts_the_desk_and_its_end_lets_it_go_on(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, keep: Keep
) -> None:
    ports = Ports.real(engine, sample_data).but(breaker=WELL)
    async with serving(temporal.client, ports):
        desk = await opened(temporal.client, ports)
        await moved(ports, MONDAY, "-20000")
        await tripped(desk, ports, Rule.DRAWDOWN)
        breaker = await desk.query(TradingDesk.circuit_breaker)
        gauges = {gauge.rule: gauge for gauge in breaker.gauges}
        assert await refused(desk, ResumeAsked(reason="I feel lucky")) == (
            "what stopped the desk still holds: drawdown is 20.00% (--force goes past it)"
        )
        await moved(ports, MONDAY + DAY, "5000")
        await desk.signal(TradingDesk.books_changed)
        await in_state(desk, TradingState.HALTED)
        await moved(ports, MONDAY + 2 * DAY, "1")
        await desk.signal(TradingDesk.books_changed)
        await in_state(desk, TradingState.ACTIVE)
        on = await desk.query(TradingDesk.circuit_breaker)
        await keep("desk-tripped-and-on", desk)
    assert set(gauges) == set(Rule)
    found = gauges[Rule.DRAWDOWN]
    assert (found.value, found.threshold, found.distance) == (Decimal("0.2"), Decimal("0.20"), Decimal(0))
    assert (found.evidence, found.resumes) == ("equity 80000.00, peak 100000.00", "by itself below 15.00%")
    assert (on.changed_by, on.probation_left, on.size, len(on.resumes)) == ("breaker", 5, Decimal("0.5"), 1)
    alerts = await told(ports, EventType.ALERT_RAISED)
    assert alerts == [
        "HALTED: drawdown 20.00%, limit 20.00% (equity 80000.00, peak 100000.00)",
        "ACTIVE: over: drawdown",
    ]
    assert (await ports.ledger.breaker(DESK)).standing == on.standing


@pytest.mark.faults
async def test_a_person_resumes_by_force_and_by_signal_and_never_twice(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    ports = Ports.real(engine, sample_data).but(breaker=WELL)
    async with serving(temporal.client, ports):
        desk = await opened(temporal.client, ports)
        await moved(ports, MONDAY, "-25000")
        await tripped(desk, ports, Rule.DRAWDOWN)
        await desk.signal(TradingDesk.resume, ResumeAsked(reason="from the Web UI"))
        await in_state(desk, TradingState.HALTED)
        breaker = await desk.execute_update(TradingDesk.resume_now, ResumeAsked(reason="I know", by="ann", force=True))
        assert (breaker.state, breaker.changed_by, breaker.reason) == (TradingState.ACTIVE, "ann", "I know")
        assert await refused(desk, ResumeAsked(reason="again")) == "the desk is ACTIVE already"
        await desk.signal(TradingDesk.books_changed)
        assert await desk.query(TradingDesk.trading_state) is TradingState.ACTIVE
        await moved(ports, MONDAY + DAY, "-5000")
        await tripped(desk, ports, Rule.DRAWDOWN)
        await desk.signal(TradingDesk.halt, HaltAsked(reason="enough"))
        await in_state(desk, TradingState.HALTED, "enough")
        await moved(ports, MONDAY + 2 * DAY, "30000")
        await desk.signal(TradingDesk.books_changed)
        await desk.signal(TradingDesk.resume, ResumeAsked(reason="all is well"))
        await in_state(desk, TradingState.ACTIVE, "all is well")
    assert len(await told(ports, EventType.TRADING_STATE_CHANGED)) == 5


@pytest.mark.faults
async def test_what_others_hold_in_the_books_is_resumed_although_the_desk_has_not_heard_of_it(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    ports = Ports.real(engine, sample_data)
    async with serving(temporal.client, ports):
        desk = await opened(temporal.client, ports)
        held = {"state": TradingState.HALTED, "changed_by": "orders", "reason": "look there, then resume"}
        await ports.ledger.change_state(
            StateChange.model_validate({"desk_id": DESK, "change_id": "c-1", "at": datetime.now(UTC), **held})
        )
        breaker = await desk.execute_update(TradingDesk.resume_now, ResumeAsked(reason="looked"))
        assert breaker.state is TradingState.ACTIVE
        assert (await ports.ledger.breaker(DESK)).state is TradingState.ACTIVE
        assert await refused(desk, ResumeAsked(reason="again")) == "the desk is ACTIVE already"


@pytest.mark.faults
async def test_a_storm_of_news_costs_few_looks_and_the_last_one_is_not_missed(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    ports = Ports.real(engine, sample_data).but(breaker=WELL)
    async with serving(temporal.client, ports):
        desk = await opened(temporal.client, ports)
        first = await desk.describe()
        await asyncio.gather(*(desk.signal(TradingDesk.books_changed) for _ in range(1000)))
        await moved(ports, MONDAY, "-20000")
        await tripped(desk, ports, Rule.DRAWDOWN)
        await in_state(desk, TradingState.HALTED)
        await desk.execute_update(TradingDesk.resume_now, ResumeAsked(reason="I know", force=True))
        longest = [
            (await temporal.client.get_workflow_handle(desk.id, run_id=run_id).describe()).history_length
            for run_id in {first.run_id, (await desk.describe()).run_id}
        ]
    assert max(longest) < 4000


@pytest.mark.faults
async def test_silent_models_halt_the_desk_and_an_hour_lets_it_go_on(
    skipping: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    rules = BreakerRules(max_model_failures=2)
    ports = Ports.real(engine, sample_data).but(
        breaker=rules, model=ScriptedModel({Agent.DATA: lambda _: ModelRefused("no such key")})
    )
    async with serving(skipping.client, ports):
        for _ in range(2):
            report = await cycle(skipping.client, request("AAPL"), DESK)
            assert report.outcome is CycleOutcome.FAILED
        desk = skipping.client.get_workflow_handle_for(TradingDesk.run, f"desk/{DESK}")
        async with ending(desk):
            breaker = await resumed(ports)  # an hour is over in a moment here: nobody can look at the halt itself
    stopped, on = [
        one.event
        for one in (await ports.ledger.books(DESK)).events
        if one.event.type is EventType.TRADING_STATE_CHANGED
    ]
    assert breaker.resumed_at == on.occurred_at
    assert timedelta(0) <= on.occurred_at - stopped.occurred_at - rules.cool_down <= timedelta(seconds=30)


@pytest.mark.faults
@pytest.mark.parametrize(
    ("dollars", "above_from"),
    [("1500 1400 1600 1500 1550 1450 1500", 2), ("1500 1400 -9000 1600 1500 1550 1450 1500 1500 1450 1500", 6)],
    ids=["all-good", "a-bad-day-between"],
)
async def test_seven_days_above_end_a_sharpe_halt_and_a_fall_begins_them_anew(
    skipping: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, dollars: str, above_from: int
) -> None:
    """The dollars come a day apart by the desk's own clock; the ratio is that of three days."""
    terms = {**ROOMY, "sharpe_sessions": 3, "max_drawdown": Decimal("0.9"), "min_sharpe": Decimal(-50)}
    real = Ports.real(engine, sample_data).but(breaker=BreakerRules.model_validate(terms))
    world = Scripted(real)
    async with serving(skipping.client, real.but(ledger=world)):
        desk = await opened(skipping.client, real)
        async with ending(desk):
            begin = (await real.ledger.books(DESK)).events[0].event.occurred_at
            await days(real, begin - 5 * DAY, "-900", "-1000", "-1100", "-1000")
            world.moves = [(begin + number * DAY, one) for number, one in enumerate(dollars.split(), start=1)]
            await tripped(desk, real, Rule.SHARPE)
            on = await resumed(real)
    assert on.resumed_at is not None
    late = on.resumed_at - begin - (above_from + 7) * DAY
    assert timedelta(0) <= late <= timedelta(hours=1)
