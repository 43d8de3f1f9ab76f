"""Entries that wait for a person while worker and server die: the question stands, and its time goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, WorkflowHandle

from activities.gate import GateRules
from adapters.postgres.engine import Database
from adapters.temporal.connection import add_missing_search_attributes
from adapters.temporal.plugin import DeskPlugin
from embedded.home import Home
from embedded.temporal import NAMESPACE, TemporalServer
from tests.conftest import free_port
from tests.fakes.faulty import KILLED
from tests.faults.doom import Death
from tests.faults.doomed import Life
from tests.faults.lives import Lives
from tests.faults.proving import BOUGHT, asked, at_rest, ended, patiently, sent, wrongs
from tests.rig import Ports, request, until
from trading.answering import Answer
from trading.approvals import ApprovalAsked, ApprovalMode, ApprovalTerms
from trading.docket import CycleOutcome
from trading.events import EventType
from workflows import search_attributes
from workflows.trading_cycle import TradingCycle

pytestmark = pytest.mark.faults
RULES = GateRules(approval=ApprovalTerms(mode=ApprovalMode.ALWAYS, valid_minutes=1))


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[TemporalServer]:
    """A server on a file, that nobody else uses."""
    home = Home(tmp_path / "temporal")
    home.prepare()
    server = TemporalServer(home, free_port())
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def lives(server: TemporalServer, database: Database, sample_data: Path, tmp_path: Path) -> Lives:
    return Lives(Life(server.address, NAMESPACE, database, sample_data, tmp_path, gate=RULES))


async def _connected(server: TemporalServer) -> Client:
    client = await Client.connect(server.address, namespace=NAMESPACE, plugins=[DeskPlugin()])
    await add_missing_search_attributes(client, (*search_attributes.KEYWORDS, *search_attributes.KEYWORD_LISTS))
    return client


async def _waiting(client: Client, handle: WorkflowHandle[TradingCycle, Any]) -> ApprovalAsked:
    found: list[ApprovalAsked] = []

    async def waits() -> bool:
        known = await patiently(lambda: handle.query(TradingCycle.pending_approval))
        found.extend([known] if known else [])
        return bool(found)

    await until(waits)
    return found[0]


def _yes(question: ApprovalAsked) -> Answer:
    return Answer(cycle_id=question.cycle_id, hash=question.hash, by="ann")


@pytest.mark.parametrize(
    "death", [None, Death("intend", "after"), Death("inquire", "before"), Death("record", "returned")], ids=str
)
async def test_a_question_outlives_worker_and_server_and_its_yes_is_carried_out_once(
    server: TemporalServer, lives: Lives, engine: AsyncEngine, sample_data: Path, death: Death | None
) -> None:
    client, ports = await _connected(server), Ports.real(engine, sample_data)
    await lives.begin()
    ticket = await asked(client, request(*BOUGHT), "main")
    handle = client.get_workflow_handle_for(TradingCycle.run, ticket.workflow_id)
    question = await _waiting(client, handle)
    await lives.kill()
    await server.kill()
    await server.start()
    await lives.begin()
    assert await _waiting(client, handle) == question
    if death is not None:
        lives.arm(death)
    approval = await patiently(lambda: handle.execute_update(TradingCycle.approve, _yes(question), id="yes"))
    if death is not None:
        assert await lives.end() == KILLED
        await lives.begin()
    again = await patiently(lambda: handle.execute_update(TradingCycle.approve, _yes(question), id="yes"))
    report = await ended(client, ticket)
    await sent(client, report)
    await at_rest(client, "main")
    await lives.kill()
    assert again == approval
    assert (report.outcome, report.findings) == (CycleOutcome.TRADED, ())
    assert {row.symbol: row.order_state for row in report.rows if row.order_state} == dict.fromkeys(BOUGHT, "filled")
    assert await wrongs(ports, "main") == []


async def test_a_yes_that_waits_for_a_worker_past_its_time_is_silence(
    server: TemporalServer, lives: Lives, engine: AsyncEngine, sample_data: Path
) -> None:
    client, ports = await _connected(server), Ports.real(engine, sample_data)
    await lives.begin()
    ticket = await asked(client, request(*BOUGHT), "main")
    handle = client.get_workflow_handle_for(TradingCycle.run, ticket.workflow_id)
    question = await _waiting(client, handle)
    await lives.kill()
    # It comes to the server in time; nobody takes it there before its time, and the timer's, is over.
    await handle.signal(TradingCycle.approval_given, _yes(question))
    await asyncio.sleep((question.expires_at - datetime.now(UTC)).total_seconds() + 2)
    await lives.begin()
    report = await ended(client, ticket)
    await at_rest(client, "main")
    await lives.kill()
    books = await ports.ledger.books("main")
    (told,) = [one.event.data for one in books.events if one.event.type is EventType.APPROVAL_ENDED]
    assert (told["end"], {row.order_state for row in report.rows}) == ("expired", {"denied"})
    assert not await ports.broker.orders("main")
    assert await wrongs(ports, "main") == []
