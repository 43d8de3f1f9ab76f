"""Entries that wait for a person's yes over HTTP: seen with their hash, answered by who may, of this desk only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from activities.gate import GateRules
from adapters.postgres.engine import application_engine
from adapters.postgres.reports import Reports
from embedded.postgres import PostgresServer
from tests.conftest import fresh_database
from tests.rig import Ports, ask, request, serving, until
from tests.servers import temporal_server
from tests.web.api import Api, api, settings_of, token
from trading.access import Scope
from trading.approvals import ApprovalMode, ApprovalTerms
from trading.events import EventType

ALWAYS = GateRules(approval=ApprovalTerms(mode=ApprovalMode.ALWAYS))


@pytest.fixture(scope="module")
async def desk(postgres: PostgresServer, sample_data: Path) -> AsyncIterator[Api]:
    """The API of a desk whose entries wait for a yes; beside it, in the same books, another desk whose entries do."""
    database = await fresh_database(postgres)
    async with AsyncExitStack() as stack:
        temporal = await stack.enter_async_context(temporal_server())
        engine = application_engine(database)
        stack.push_async_callback(engine.dispose)
        ports = Ports.real(engine, sample_data).but(rules=ALWAYS)
        await stack.enter_async_context(serving(temporal.client, ports))
        for name in ("main", "second"):
            await ask(temporal.client, request(), name)
        made = await stack.enter_async_context(api(database, temporal.client, settings_of(sample_data)))
        await until(lambda: _asked(made, "main"))
        await until(lambda: _asked(made, "second"))
        yield made


async def _asked(made: Api, desk_id: str) -> bool:
    return bool(await Reports(made.desk.books.engine, desk_id).events(limit=1, types=[EventType.APPROVAL_ASKED]))


async def waiting(desk: Api) -> dict[str, Any]:
    (one,) = (await desk.get("/api/approvals")).json()["items"]
    told: dict[str, Any] = one["asked"]
    return told


async def test_nothing_of_another_desk_in_the_same_books_can_be_seen_or_answered(desk: Api) -> None:
    theirs = Reports(desk.desk.books.engine, "second")
    before = await theirs.head()
    (cycle,) = await theirs.cycles(limit=1)
    said = {"cycle_id": cycle.cycle_id, "hash": "0" * 64}
    for answer in (
        await desk.get(f"/api/cycles/{cycle.cycle_id}"),
        await desk.post("/api/approvals/approve", said),
        await desk.post("/api/approvals/reject", said),
        await desk.post("/api/events", {"text": "theirs", "cycle_id": cycle.cycle_id}),
    ):
        assert answer.status_code == 404
    assert (await desk.get("/api/events", params={"cycle": cycle.cycle_id})).json()["items"] == []
    assert await theirs.head() == before


async def test_a_yes_is_to_what_was_seen_by_whoever_may_give_it(desk: Api) -> None:
    asked = await waiting(desk)
    wrong = await desk.post("/api/approvals/approve", {"cycle_id": asked["cycle_id"], "hash": "0" * 64})
    assert (wrong.status_code, wrong.json()["detail"][:9]) == (409, "not taken")
    held = await token(desk.desk.books.engine, Scope.APPROVE, name="ann")
    ann = desk.holding(held)
    only = asked["orders"][0]["request"]["symbol"]
    said = {"cycle_id": asked["cycle_id"], "hash": asked["hash"], "only": [only], "reason": "looks right"}
    given = await ann.post("/api/approvals/approve", said, headers={"X-Request-ID": "yes-1"})
    assert (given.status_code, given.json()["answer_id"]) == (200, "answer/yes-1"), given.text
    assert (await ann.get("/api/approvals")).json()["items"] == []

    async def endings() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await ann.get("/api/events", params={"type": "ApprovalEnded"})).json()["items"]
        return found

    async def has_ended() -> bool:
        return bool(await endings())

    await until(has_ended)  # the cycle writes it once it has heard
    (ended,) = await endings()
    assert (ended["data"]["by"], ended["data"]["reason"]) == ("ann", "looks right")
    late = await ann.post("/api/approvals/reject", {"cycle_id": asked["cycle_id"], "hash": asked["hash"]})
    assert late.status_code == 409
