"""A scan by the clock that several strategies are due in: asked together, and each answers for itself alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from adapters.exchange_calendar import ExchangeCalendar
from console.routine import applied, made
from console.timetable import entries_of, entry_named, own_times
from tests.clocks import ALWAYS, ASKED
from tests.fakes.model import ScriptedModel
from tests.rig import Ports, cycle, desk_of, findings, quiet, request, serving
from tests.strategies import given, holding, with_strategies
from tests.workflows.test_scheduled_scan import events_of, meant
from trading.docket import CycleOutcome
from trading.events import EventType
from trading.scans import RollCallAsked, ScanAsked, ScanReport
from trading.strategy import Strategy
from workflows import policies
from workflows.scheduled_scan import RollCall, ScheduledScan
from workflows.trading_desk import TradingDesk

HOLDER = holding("holder", "MSFT", "INTC")
DEAR = holding("dear", universe={"screen": {"min_price": "90000"}})
EARLY = holding("early", "JPM", scan_times=(time(10), time(15, 30)))
AWAY = holding("away", "WMT", enabled=False)


@pytest.fixture
def ports(engine: AsyncEngine, sample_data: Path) -> Ports:
    """A desk whose scans are held on any day."""
    never_closed = ExchangeCalendar("24/7", until=datetime.now(UTC).date())
    return Ports.real(engine, sample_data).but(model=ScriptedModel(), calendar=never_closed)


async def scan(client: Client, asked: ScanAsked = ASKED) -> WorkflowHandle[ScheduledScan, ScanReport]:
    due_at = datetime.now(UTC).replace(microsecond=0)
    return await client.start_workflow(
        ScheduledScan.run,
        asked,
        id=f"{asked.schedule_id}-{due_at:%Y-%m-%dT%H:%M:%SZ}",
        task_queue=policies.DESK_QUEUE,
        search_attributes=meant(due_at),
    )


def said(report: ScanReport) -> list[tuple[str, str, str]]:
    return [(line.strategy_id, line.outcome, line.code) for line in report.lines]


@pytest.mark.faults
async def test_a_scan_asks_every_strategy_without_times_of_its_own_and_what_one_lacks_costs_its_own_cycle(
    temporal: WorkflowEnvironment, ports: Ports
) -> None:
    client = temporal.client
    async with serving(client, ports):
        await with_strategies(client, ports, HOLDER, DEAR, EARLY, AWAY)
        held = await scan(client)
        report = await held.result()
        lines = await desk_of(client).query(TradingDesk.cycles)
        details = str(await held.query("__temporal_workflow_metadata"))
        alone = await (await scan(client, ASKED.model_copy(update={"strategy_id": "early"}))).result()
        again = await (await scan(client)).result()
        await quiet(desk_of(client))
    assert said(report) == [("agents", "traded", ""), ("dear", "skipped", "no_symbols"), ("holder", "traded", "")]
    assert (report.outcome, report.reason) == (CycleOutcome.TRADED, "3 strategies: 2 traded, 1 skipped")
    assert "| dear | skipped |  | nothing of " in details
    asked = {line.strategy_id: (line.symbols, line.request_id) for line in lines}
    assert asked == {
        "agents": (ASKED.symbols, f"{held.id}/agents"),
        "holder": (("MSFT", "INTC"), f"{held.id}/holder"),
    }
    assert (alone.outcome, alone.lines, alone.scan_id.startswith("scan-early/main-")) == (CycleOutcome.TRADED, (), True)
    assert {code for _, _, code in said(again)} == {"nothing_new", "no_symbols"}
    skipped = await events_of(ports, EventType.CYCLE_SKIPPED)
    assert [(one.data["strategy_id"], one.data["code"]) for one in skipped][:1] == [("dear", "no_symbols")]
    assert await findings(ports) == ()


@pytest.mark.faults
async def test_a_strategy_that_leaves_is_scanned_for_its_exits_and_one_that_is_gone_is_nobodys_concern(
    temporal: WorkflowEnvironment, ports: Ports
) -> None:
    client = temporal.client
    async with serving(client, ports):
        await with_strategies(client, ports, EARLY)
        bought = await cycle(client, request("JPM", strategy_id="early"))
        assert bought.outcome is CycleOutcome.TRADED
        await given(ports.ledger, EARLY.model_copy(update={"enabled": False}))
        report = await (await scan(client)).result()
        early = ASKED.model_copy(update={"strategy_id": "early"})
        alone = await (await scan(client, early)).result()
        called = await client.start_workflow(
            RollCall.run,
            RollCallAsked(scan=early, after_seconds=900),
            id="roll-call-early/main-1",
            task_queue=policies.DESK_QUEUE,
            search_attributes=meant(datetime.now(UTC) + timedelta(seconds=900)),
        )
        assert await called.result() is None
    assert [name for name, _, _ in said(report)] == ["agents", "early"]
    assert (alone.outcome, alone.code) == (CycleOutcome.SKIPPED, "nobody_due")


async def test_schedules_follow_the_strategies_that_have_times_of_their_own(temporal: WorkflowEnvironment) -> None:
    client = temporal.client

    async def apply(*strategies: Strategy) -> tuple[tuple[str, ...], tuple[str, ...]]:
        done = await applied(client, replace(ALWAYS, own=own_times(strategies)))
        return done.new, done.gone

    new, gone = await apply(EARLY, HOLDER)
    assert (set(new), gone) == ({one.name for one in entries_of(["early"])}, ())
    assert await apply(EARLY, HOLDER) == ((), ())
    assert await made(client, "main") == ["roll-call-early", "scan-early"]
    found = await client.get_schedule_handle("scan-early/main").describe()
    assert sorted(one.hour[0].start for one in found.schedule.spec.calendars) == [10, 15]
    await client.get_schedule_handle("scan-early/main").pause(note="by hand")
    late = EARLY.model_copy(update={"scan_times": (time(12),)})
    assert await apply(late) == ((), ())
    found = await client.get_schedule_handle("scan-early/main").describe()
    assert ([one.hour[0].start for one in found.schedule.spec.calendars], found.schedule.state.paused) == ([12], True)
    _, gone = await apply(late.model_copy(update={"enabled": False}), HOLDER)
    assert set(gone) == {"scan-early", "roll-call-early"}
    names = [one.name for name in ("scan-early", "roll-call-x", "scan", "scan-") if (one := entry_named(name))]
    assert names == ["scan-early", "roll-call-x", "scan"]
