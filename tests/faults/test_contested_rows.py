"""Transactions that Postgres ends so that others may go on: the step is done again, and what lasts is said."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs
from temporalio.testing import WorkflowEnvironment

from adapters.logs import temporal_context
from adapters.postgres.engine import Database
from tests.faults.load import under_load
from tests.faults.proving import tell, wrongs
from tests.faults.rival import LOCKING, LOCKING_BOTH, Campaign, Rival, contested, give_way_soon
from tests.faults.watching import repeated, tries, watched
from tests.rig import Ports, ask, cycle, desk_of, quiet, request, serving
from tests.servers import temporal_server
from trading.docket import CycleOutcome
from trading.events import EventType
from workflows.trading_desk import TradingDesk

pytestmark = pytest.mark.faults
STREAMS = 4
MOST_TRIES = 5
ALWAYS = 10_000


@pytest.mark.parametrize("deadlocks", [20, pytest.param(200, marks=pytest.mark.soak)])
async def test_every_step_that_deadlocks_end_succeeds_within_five_tries(
    temporal: WorkflowEnvironment, database: Database, engine: AsyncEngine, sample_data: Path, deadlocks: int
) -> None:
    await give_way_soon(database)
    campaign, raised = Campaign(Rival.cross, deadlocks, loses=(1, MOST_TRIES - 1)), Counter[str]()
    real = Ports.real(engine, sample_data)
    ports = real.but(ledger=contested(watched(real.ledger, raised), campaign, LOCKING_BOTH))
    async with campaign.waged(database, STREAMS), serving(temporal.client, ports):
        async with under_load(temporal.client, STREAMS) as load:
            await campaign.reached.wait()
        found = await tries(temporal.client, load)
    tell(f"{dict(raised)} in {len(load.reports)} cycles, at {dict(campaign.hits)}\n  {repeated(found)}")
    assert raised["40P01"] >= deadlocks
    assert max(number for _, number in found) <= MOST_TRIES
    assert [*await load.wrongs(real), *load.failures()] == []


@pytest.mark.parametrize("conflicts", [50, pytest.param(500, marks=pytest.mark.soak)])
async def test_every_step_that_serialisation_failures_end_succeeds_within_five_tries(
    temporal: WorkflowEnvironment, database: Database, engine: AsyncEngine, sample_data: Path, conflicts: int
) -> None:
    """At the isolation that we ask for there are none: here every transaction asks for more, as a database may."""
    campaign, raised = Campaign(Rival.overtake, conflicts, loses=(1, MOST_TRIES - 1)), Counter[str]()
    real = Ports.real(engine.execution_options(isolation_level="REPEATABLE READ"), sample_data)
    ports = real.but(ledger=contested(watched(real.ledger, raised), campaign, LOCKING))
    async with campaign.waged(database, STREAMS), serving(temporal.client, ports):
        async with under_load(temporal.client, STREAMS) as load:
            await campaign.reached.wait()
        found = await tries(temporal.client, load)
    tell(f"{dict(raised)} in {len(load.reports)} cycles, at {dict(campaign.hits)}\n  {repeated(found)}")
    assert raised["40001"] >= conflicts
    assert max(number for _, number in found) <= MOST_TRIES
    assert [*await load.wrongs(real), *load.failures()] == []


@pytest.mark.parametrize("step", ["intend", "record"])
async def test_a_conflict_that_lasts_beyond_the_tries_ends_the_cycle_as_failed_and_is_said(
    database: Database, engine: AsyncEngine, sample_data: Path, caplog: pytest.LogCaptureFixture, step: str
) -> None:
    """At `intend` the cycle says its own end. At `record` not even that can be written: the desk says it."""
    campaign = Campaign(Rival.overtake, ALWAYS, loses=(ALWAYS, ALWAYS), only=frozenset({step}))
    real = Ports.real(engine.execution_options(isolation_level="REPEATABLE READ"), sample_data)
    ports = real.but(ledger=contested(real.ledger, campaign, LOCKING))
    async with temporal_server(skipping=True) as temporal, campaign.waged(database, 1):
        with capture_logs(processors=[temporal_context]) as said:
            async with serving(temporal.client, ports):
                failed = await ask(temporal.client, request("INTC"))
                await quiet(desk_of(temporal.client))
                lines = await desk_of(temporal.client).query(TradingDesk.cycles)
                campaign.reached.set()
                after = await cycle(temporal.client, request("MSFT"))
    [line] = [one for one in lines if one.cycle_id == failed.cycle_id]
    loud = [one for one in said if one["log_level"] == "error"]
    tell(f"{dict(campaign.hits)} conflicts; said: {loud}; {line.reason}")
    assert line.outcome is CycleOutcome.FAILED
    assert f"{step}: LedgerUnavailable" in line.reason
    assert after.outcome is CycleOutcome.TRADED
    assert {one["activity"] for one in loud} == {step}
    assert any(f"{failed.cycle_id} failed" in one.getMessage() for one in caplog.records) is (step == "record")
    ends = [s.event for s in (await real.ledger.books("main")).events if s.event.aggregate_id == failed.cycle_id]
    assert [event.type for event in ends][-1] is EventType.CYCLE_FAILED
    assert {order.symbol for order in await real.broker.orders("main")} == {"MSFT"}
    assert await wrongs(real, "main") == []
