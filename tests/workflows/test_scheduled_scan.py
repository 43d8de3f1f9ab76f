"""A scan by the clock: held or not, it ends with what came of it, and nothing is asked of a desk in vain."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, Schedule, ScheduleCalendarSpec, ScheduleRange, WorkflowHandle
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.testing import WorkflowEnvironment

from adapters.exchange_calendar import ExchangeCalendar
from console.routine import begin_routine
from console.runs import look
from tests.clocks import ALWAYS, ASKED, entry
from tests.fakes import model
from tests.fakes.faulty import Faulty
from tests.fakes.model import ScriptedModel
from tests.rig import CALENDAR, Ports, ask, cycle, desk_of, findings, outcome, quiet, request, serving, until
from tests.servers import temporal_cli
from tests.workflows.conftest import Keep
from trading.agents.questions import Agent
from trading.alerts import Topic
from trading.desk import DeskState, Waiting
from trading.docket import CycleOutcome
from trading.events import Event, EventType
from trading.scans import RollCallAsked, ScanReport
from trading.steps import Trigger
from workflows import policies, search_attributes
from workflows.scheduled_scan import RollCall, ScheduledScan
from workflows.trading_desk import TradingDesk

THANKSGIVING = datetime(2026, 11, 26, 16, tzinfo=UTC)
AFTER_AN_EARLY_CLOSE = datetime(2026, 11, 27, 19, 30, tzinfo=UTC)
LONG_AGO = datetime(2017, 11, 10, 16, tzinfo=UTC)


class PausedMarket(Faulty):
    """Stops before it is looked at until it is told to go on."""

    def __init__(self, port: object, script: tuple[()]) -> None:
        super().__init__(port, script)
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()

    async def look(self, *arguments: Any) -> Any:
        self.reached.set()
        await self.go_on.wait()
        return await self._port.look(*arguments)  # type: ignore[attr-defined]


@pytest.fixture
def ports(engine: AsyncEngine, sample_data: Path) -> Ports:
    """A desk whose scans are held on any day, as on an exchange of crypto currencies."""
    never_closed = ExchangeCalendar("24/7", until=datetime.now(UTC).date())
    return Ports.real(engine, sample_data).but(model=ScriptedModel(), calendar=never_closed)


async def scan(client: Client, due_at: datetime | None = None) -> WorkflowHandle[ScheduledScan, ScanReport]:
    """Start a scan as its schedule does: under the name and with the moment that were meant."""
    due_at = (due_at or datetime.now(UTC)).replace(microsecond=0)
    return await client.start_workflow(
        ScheduledScan.run,
        ASKED,
        id=f"scan/main-{due_at:%Y-%m-%dT%H:%M:%SZ}",
        task_queue=policies.DESK_QUEUE,
        execution_timeout=policies.SCAN_LIFE,
        search_attributes=meant(due_at),
    )


def meant(at: datetime) -> TypedSearchAttributes:
    return TypedSearchAttributes([SearchAttributePair(search_attributes.SCHEDULED_AT, at)])


async def events_of(ports: Ports, kind: EventType) -> list[Event]:
    return [stored.event for stored in (await ports.ledger.books("main")).events if stored.event.type is kind]


@pytest.mark.faults
async def test_a_scan_asks_the_desk_and_ends_as_its_cycle_does(
    skipping: WorkflowEnvironment, ports: Ports, keep: Keep
) -> None:
    async with serving(skipping.client, ports):
        held = await scan(skipping.client)
        report = await held.result()
        assert (report.outcome, report.code, report.scan_id) == (CycleOutcome.TRADED, "", held.id)
        (line,) = await desk_of(skipping.client).query(TradingDesk.cycles)
        assert (line.cycle_id, line.trigger, line.request_id) == (report.cycle_id, Trigger.SCHEDULED, held.id)
        found = await held.describe()
        assert found.typed_search_attributes.get(search_attributes.CYCLE_OUTCOME) == "traded"
        assert f"cycle {report.cycle_id}" in str(await held.query("__temporal_workflow_metadata"))
        await keep("scan-traded", held)
        assert (await (await scan(skipping.client)).result()).code == "nothing_new"
    (started,) = await events_of(ports, EventType.CYCLE_STARTED)
    assert (started.trace_id, started.data["request_id"]) == (held.id, held.id)
    assert await findings(ports) == ()


@pytest.mark.faults
async def test_a_scan_waits_for_its_turn_and_for_the_end_of_its_cycle(
    temporal: WorkflowEnvironment, ports: Ports, keep: Keep
) -> None:
    market = PausedMarket(ports.market, ())
    ports = ports.but(market=market, model=ScriptedModel({Agent.DATA: model.holds}))
    async with serving(temporal.client, ports):
        first = await ask(temporal.client, request(*ASKED.symbols))
        await market.reached.wait()
        held = await scan(temporal.client)

        async def asked() -> bool:
            return "1 ahead of it" in str(await held.query("__temporal_workflow_metadata"))

        await until(asked)
        market.go_on.set()
        report = await held.result()
        assert report.cycle_id != (await outcome(temporal.client, first)).cycle_id
        await keep("scan-waited", held)
    assert report.outcome is CycleOutcome.NO_SIGNALS


@pytest.mark.faults
async def test_a_cycle_that_fails_or_is_ended_by_force_is_how_its_scan_ends(
    temporal: WorkflowEnvironment, ports: Ports, keep: Keep
) -> None:
    market = PausedMarket(ports.market, ())
    async with serving(temporal.client, ports.but(market=market)):
        held = await scan(temporal.client)
        await market.reached.wait()
        (line,) = await desk_of(temporal.client).query(TradingDesk.cycles)
        await temporal.client.get_workflow_handle(f"cycle/{line.cycle_id}").terminate("by force")
        report = await held.result()
        assert (report.outcome, report.cycle_id) == (CycleOutcome.FAILED, line.cycle_id)
        assert "terminated" in report.reason.lower()
        await keep("scan-cycle-terminated", held)
        market.go_on.set()


@pytest.mark.faults
async def test_what_the_calendar_or_the_clock_sends_home_asks_no_model_and_is_told_once(
    temporal: WorkflowEnvironment, ports: Ports, keep: Keep
) -> None:
    silent = ScriptedModel({Agent.DATA: model.holds})
    ports = ports.but(model=silent, calendar=CALENDAR)
    ended = {}
    async with serving(temporal.client, ports):
        unopened = await (await scan(temporal.client, THANKSGIVING - timedelta(days=364))).result()
        assert (unopened.outcome, unopened.code) == (CycleOutcome.SKIPPED, "market_closed")
        await cycle(temporal.client, request("AAPL"))
        asked = len(silent.asked)
        cases = {"holiday": THANKSGIVING, "early-close": AFTER_AN_EARLY_CLOSE, "missed": LONG_AGO, "repeated": LONG_AGO}
        for name, due_at in cases.items():
            held = await scan(temporal.client, due_at)
            ended[name] = await held.result()
            await keep(f"scan-{name}", held)
    assert len(silent.asked) == asked
    assert {name: (one.code, one.reason) for name, one in ended.items() if name != "missed"} == {
        "holiday": ("market_closed", "the exchange does not trade on Thursday, 2026-11-26"),
        "early-close": ("market_closed", "the exchange closed at 13:00 on 2026-11-27, before 14:30"),
        "repeated": ("run_before", "this scan has run before, and what it said then stands"),
    }
    assert ended["missed"].code == "missed"
    assert ended["missed"].reason.startswith("due at 2017-11-10 11:00, which is ")
    skipped = await events_of(ports, EventType.CYCLE_SKIPPED)
    assert [(one.aggregate_id, one.data["code"]) for one in skipped] == [
        ("scan/main-2026-11-26T16:00:00Z", "market_closed"),
        ("scan/main-2026-11-27T19:30:00Z", "market_closed"),
        ("scan/main-2017-11-10T16:00:00Z", "missed"),
    ]
    (alert,) = await events_of(ports, EventType.ALERT_RAISED)
    assert (alert.data["topic"], alert.data["reason"]) == (Topic.SYSTEM, "the scan of 2017-11-10 11:00 was missed")
    assert await findings(ports) == ()


async def test_a_desk_with_too_much_to_do_takes_no_scan(
    temporal: WorkflowEnvironment, ports: Ports, keep: Keep
) -> None:
    client, market = temporal.client, PausedMarket(ports.market, ())
    waiting = [Waiting(cycle_id=f"main-{n}", request=request("AAPL")) for n in range(policies.MOST_WAITING + 1)]
    full = DeskState(desk_id="main", waiting=tuple(waiting))
    desk = await client.start_workflow(TradingDesk.run, full, id="desk/main", task_queue=policies.DESK_QUEUE)
    async with serving(client, ports.but(market=market)):
        await market.reached.wait()
        held = await scan(client)
        report = await held.result()
        await keep("scan-not-asked", held)
        await desk.terminate()
        market.go_on.set()
    assert (report.outcome, report.code) == (CycleOutcome.SKIPPED, "not_asked")
    assert "100 cycles are waiting already" in report.reason
    (event,) = await events_of(ports, EventType.CYCLE_SKIPPED)
    assert (event.aggregate_id, event.data["code"]) == (held.id, "not_asked")


@pytest.mark.faults
async def test_one_that_is_asked_again_is_the_same_cycle(temporal: WorkflowEnvironment, ports: Ports) -> None:
    wish = request("AAPL", request_id="scan/main-once")
    async with serving(temporal.client, ports):
        first = await ask(temporal.client, wish)
        await outcome(temporal.client, first)
        assert (await ask(temporal.client, wish)).cycle_id == first.cycle_id
        assert (await ask(temporal.client, request("AAPL"))).cycle_id != first.cycle_id
        await quiet(desk_of(temporal.client))


async def test_only_a_scan_that_nobody_began_and_nobody_paused_was_missed(
    temporal: WorkflowEnvironment, ports: Ports, keep: Keep
) -> None:
    client = temporal.client
    async with serving(client, ports.but(model=ScriptedModel({Agent.DATA: model.holds}))):
        await cycle(client, request("AAPL"))
        assert await (await roll_call(client, soon(1).replace(second=1))).result() is None, "there is no schedule"
        schedule = await client.create_schedule("scan/main", at_every(range(59)))
        assert await (await roll_call(client, soon(2).replace(second=59))).result() is None, "nothing was due then"
        called = await roll_call(client, soon(2).replace(second=2))
        missed = await called.result()
        assert missed is not None
        assert (missed.code, missed.scan_id) == ("missed", f"scan/main-{missed.due_at:%Y-%m-%dT%H:%M:%SZ}")
        await keep("scan-roll-call-missed", called)
        await schedule.pause(note="by hand")
        assert await (await roll_call(client, soon(3).replace(second=3))).result() is None, "somebody paused it"
        await schedule.unpause()
        due_at = soon(4).replace(second=4)
        await scan(client, due_at)
        called = await roll_call(client, due_at)
        assert await called.result() is None, "it was begun"
        await keep("scan-roll-call", called)
    (told,) = [one for one in await events_of(ports, EventType.CYCLE_SKIPPED) if one.data["code"] == "missed"]
    assert told.aggregate_id == missed.scan_id
    assert str(told.data["reason"]).endswith(": nobody was there to begin it")
    assert len(await events_of(ports, EventType.ALERT_RAISED)) == 1
    assert await findings(ports) == ()


async def test_on_a_holiday_nobody_misses_a_scan(temporal: WorkflowEnvironment, ports: Ports) -> None:
    asked = RollCallAsked(scan=ASKED, after_seconds=900)
    async with serving(temporal.client, ports.but(calendar=CALENDAR)):
        called = await temporal.client.start_workflow(
            RollCall.run,
            asked,
            id="roll-call/main",
            task_queue=policies.DESK_QUEUE,
            search_attributes=meant(THANKSGIVING + timedelta(minutes=15)),
        )
        assert await called.result() is None


@pytest.mark.faults
async def test_temporals_own_command_line_triggers_the_schedule_and_sees_what_came_of_it(
    temporal: WorkflowEnvironment, ports: Ports
) -> None:
    client = temporal.client
    address = client.service_client.config.target_host
    async with serving(client, ports):
        await begin_routine(client, ALWAYS, listens=False)
        await temporal_cli(address, "schedule", "trigger", "--schedule-id", "scan/main")

        async def ended() -> bool:
            (last,) = (await look(client, entry("scan"), "main")).last or (None,)
            return last is not None and last.outcome != "running"

        await until(ended)
        (ran,) = (await look(client, entry("scan"), "main")).last
        said = await temporal_cli(address, "workflow", "result", "--workflow-id", ran.workflow_id, "--output", "json")
    assert json.loads(said)["result"]["outcome"] == ran.outcome == "traded"
    (line,) = await _cycles(ports)
    assert line == ran.cycle_id


def at_every(seconds: range) -> Schedule:
    """The schedule of scans, held at these seconds of every minute, of a year in which nobody waits for it."""
    schedule = entry("scan").schedule(ALWAYS)
    schedule.spec.calendars = [
        ScheduleCalendarSpec(
            second=[ScheduleRange(seconds[0], seconds[-1])],
            minute=[ScheduleRange(0, 59)],
            hour=[ScheduleRange(0, 23)],
            year=[ScheduleRange(2099)],
        )
    ]
    return schedule


def soon(seconds: int) -> datetime:
    """A moment to the second that a schedule which is there now has not yet come to."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=1, seconds=seconds)


async def roll_call(client: Client, due_at: datetime) -> WorkflowHandle[RollCall, ScanReport | None]:
    """Ask for the scan that was due at this moment."""
    return await client.start_workflow(
        RollCall.run,
        RollCallAsked(scan=ASKED, after_seconds=900),
        id=f"roll-call/main-{due_at:%Y-%m-%dT%H:%M:%SZ}",
        task_queue=policies.DESK_QUEUE,
        search_attributes=meant(due_at + timedelta(seconds=900)),
    )


async def _cycles(ports: Ports) -> list[str]:
    return [one.aggregate_id for one in await events_of(ports, EventType.CYCLE_COMPLETED)]
