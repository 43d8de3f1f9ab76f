"""Alerts of a whole desk: ten cycles without a model are one alert, and what nobody reads reduces the desk."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.testing import WorkflowEnvironment

from tests.fakes.channel import Channel
from tests.fakes.model import ScriptedModel, holds
from tests.rig import Ports, cycle, desk_of, in_state, request, serving, until
from trading.agents.questions import Agent, Question, Reply
from trading.alerts import Alert, Severity, Topic, alert_raised
from trading.breaker import TradingState
from trading.breaker_facts import NO_MODEL
from trading.breaker_rules import BreakerRules
from trading.desk import ResumeAsked
from trading.docket import CycleOutcome
from trading.errors import ModelUnavailable
from trading.events import EventType
from trading.notices import AlertRules
from trading.occasions import UNREAD
from workflows import policies
from workflows.alert_watch import AlertWatch
from workflows.trading_desk import TradingDesk


class Down:
    """A provider that is down all day, and wants to be asked again at once."""

    async def answer(self, question: Question) -> Reply:
        raise ModelUnavailable("overloaded", retry_after_seconds=0.01)


async def watch(client: Client, desk_id: str = "main") -> None:
    """Start what the worker starts."""
    await client.start_workflow(
        AlertWatch.run,
        desk_id,
        id=f"alerts/{desk_id}",
        task_queue=policies.DESK_QUEUE,
        task_timeout=policies.TASK,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )


@pytest.mark.faults
@pytest.mark.parametrize(
    ("threshold", "told"),
    [
        (1000, {Topic.SYSTEM: 1}),
        # That the breaker has stopped the desk is another thing to know, told once too.
        pytest.param(3, {Topic.SYSTEM: 1, Topic.BREAKER: 1}, marks=pytest.mark.faults),
    ],
)
async def test_ten_cycles_without_a_model_trade_nothing_and_are_one_alert(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path, threshold: int, told: dict[Topic, int]
) -> None:
    phone = Channel()
    ports = Ports.real(engine, sample_data).but(
        model=Down(), channels=(phone,), breaker=BreakerRules(max_model_failures=threshold)
    )
    async with serving(temporal.client, ports):
        await watch(temporal.client)
        reports = [await cycle(temporal.client, request("AAPL")) for _ in range(10)]
        await until(lambda: _are(phone, sum(told.values())))
        books = await ports.ledger.books("main")
        kinds = Counter(one.event.type for one in books.events)
        lines = await ports.alerts.listed("main", limit=100)
    if threshold > 10:
        assert {report.outcome for report in reports} == {CycleOutcome.FAILED}
        assert kinds[EventType.CYCLE_FAILED] == 10
        failed = [one.event for one in books.events if one.event.type is EventType.CYCLE_FAILED]
        assert {event.data["code"] for event in failed} == {NO_MODEL}
    assert books.orders == ()
    assert kinds[EventType.ORDER_INTENDED] == kinds[EventType.ORDER_SUBMITTED] == 0
    assert Counter(line.alert.topic for line in lines) == told
    assert len(phone.arrived) == sum(told.values())


async def _are(phone: Channel, number: int) -> bool:
    return len(phone.arrived) >= number


@pytest.mark.faults
async def test_a_critical_alert_that_nobody_reads_reduces_the_desk_each_of_five_times(
    temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path
) -> None:
    phone, minute = Channel(), timedelta(minutes=1)
    ports = Ports.real(engine, sample_data).but(
        model=ScriptedModel({Agent.DATA: holds}),
        channels=(phone,),
        telling=AlertRules(acknowledge_within=15 * minute, cool_down=timedelta(0)),
    )
    async with serving(temporal.client, ports):
        await cycle(temporal.client, request("AAPL"))
        await watch(temporal.client)
        desk = desk_of(temporal.client)

        async def plant(key: str, minutes: int, severity: Severity = Severity.CRITICAL) -> int:
            alert = Alert(topic=Topic.ORDER, key=key, reason=f"{key} is lost", severity=severity)
            await ports.ledger.record([alert_raised("main", alert, datetime.now(UTC) - minutes * minute)])
            return (await ports.alerts.listed("main", limit=1))[-1].alert.number

        async def escalated(number: int) -> bool:
            lines = await ports.alerts.listed("main", limit=100)
            return any(
                "desk" in [one.channel for one in line.deliveries] for line in lines if line.alert.number == number
            )

        for number in range(5):
            await plant(f"fresh-{number}", 14)
            await plant(f"warned-{number}", 16, Severity.WARNING)
            late = await plant(f"late-{number}", 16)
            await in_state(desk, TradingState.REDUCING)
            breaker = await ports.ledger.breaker("main")
            assert breaker.changed_by == "alerts"
            assert breaker.reason == f"nobody has acknowledged alert {late} for 15 minutes: late-{number} is lost"
            await until(partial(escalated, late))
            await ports.alerts.acknowledge("main", [late], "ada", datetime.now(UTC))
            await desk.execute_update(TradingDesk.resume_now, ResumeAsked(reason="read"))
            assert (await desk.query(TradingDesk.trading_state)) is TradingState.ACTIVE
        # What was told to the desk once, and what tells of it, does not stop it again.
        assert (await cycle(temporal.client, request("AAPL"))).outcome is CycleOutcome.NO_SIGNALS
        assert (await desk.query(TradingDesk.trading_state)) is TradingState.ACTIVE
        await until(partial(_told_of, ports, phone, 5))
    told = Counter(one.event.data.get("kind") for one in (await ports.ledger.books("main")).events)
    assert told[UNREAD] == 5


async def _told_of(ports: Ports, phone: Channel, number: int) -> bool:
    """Whether so many were told: those that come between two looks for one reason are one message."""
    lines = [one for one in await ports.alerts.listed("main", limit=100) if "nobody has ack" in one.alert.reason]
    return sum(phone.name in [told.channel for told in line.deliveries] for line in lines) == number
