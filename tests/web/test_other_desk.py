"""Two desks in the same books: whoever asks one is told nothing of the other, by whatever name, and changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from settings import DeskSettings
from tests.rig import cycle as run_cycle
from tests.rig import request
from tests.web.api import OWN, Api, api, settings_of
from trading.alerts import Alert, Topic, alert_raised

LISTS = ("events", "cycles", "decisions", "orders", "trades", "capital", "strategies", "alerts", "positions", "memory")


@pytest.fixture(scope="module")
async def other(desk: Api) -> AsyncIterator[Api]:
    """Another desk of the same database, which has run a cycle of its own."""
    at = desk.desk
    await run_cycle(at.client, request(), "other")
    settings = settings_of(at.settings.market.data_dir, desk=DeskSettings(id="other", symbols="AAPL"))
    async with api(at.found.database, at.client, settings) as one:
        yield one


async def items(desk: Api, path: str, **asked: Any) -> list[dict[str, Any]]:
    answer = await desk.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


@pytest.mark.parametrize("name", LISTS)
async def test_no_line_of_a_list_is_anothers(desk: Api, other: Api, name: str) -> None:
    ours, theirs = [str(await items(one, f"/api/{name}")) for one in (desk, other)]
    for mine, another in ((ours, "other-"), (theirs, "main-")):
        assert another not in mine
    if name not in {"alerts", "memory"}:
        assert "main" in ours or name == "strategies"


async def test_nothing_is_found_by_a_name_of_another(desk: Api, other: Api) -> None:
    (cycle,) = await items(desk, "/api/cycles")
    asked = await desk.post("/api/inquiries", {"question": "what do we hold?"})
    strategy = {"strategy_id": "ours", "fields": {"source": "sma_crossover", "allocation": "0.1"}}
    assert (await desk.post("/api/strategies", strategy)).status_code == 201
    try:
        names = [f"cycles/{cycle['cycle_id']}", f"inquiries/{asked.json()['inquiry_id']}", "strategies/ours"]
        for name in (*names, "portfolio?strategy=ours", "positions?strategy=ours"):
            assert (await other.get(f"/api/{name}")).status_code == 404, name
        assert await items(other, "/api/events", cycle=cycle["cycle_id"]) == []
        assert await items(other, "/api/inquiries") == []
    finally:
        await desk.ask("DELETE", "/api/strategies/ours")


async def test_nothing_is_changed_by_a_name_of_another(desk: Api, other: Api) -> None:
    (cycle,) = await items(desk, "/api/cycles")
    strategy = {"strategy_id": "ours", "fields": {"source": "sma_crossover", "allocation": "0.1"}}
    await desk.post("/api/strategies", strategy)
    alert = Alert(topic=Topic.SYSTEM, key="ours", reason="look")
    await desk.desk.books.ledger.record([alert_raised("main", alert, datetime.now(UTC))])
    before = await desk.desk.books.reports.head()
    said = {"cycle_id": cycle["cycle_id"], "hash": "0" * 64}
    answers = [
        await other.post("/api/approvals/approve", said),
        await other.post("/api/approvals/reject", said),
        await other.post("/api/events", {"text": "x", "cycle_id": cycle["cycle_id"]}),
        await other.ask("PATCH", "/api/strategies/ours", json={"fields": {"enabled": False}}),
        await other.post("/api/strategies/ours/rung", {"to": "paper"}),
        await other.ask("DELETE", "/api/strategies/ours"),
        await other.post("/api/breaker/halt", {"reason": "x", "strategy": "ours"}),
        await other.post(f"/api/alerts/{before}/ack"),
    ]
    assert {one.status_code for one in answers} == {404}
    assert await desk.desk.books.reports.head() == before
    assert (await desk.post(f"/api/alerts/{before}/ack")).status_code == 200
    await desk.ask("DELETE", "/api/strategies/ours")


async def test_a_key_of_one_desk_is_no_key_of_another(desk: Api, other: Api) -> None:
    headers = {**OWN, "Idempotency-Key": "shared"}
    paid = {"kind": "deposit", "amount": "10.00", "reason": "a gift"}
    for one in (desk, other):
        assert (await one.post("/api/events", {"text": one.desk.desk_id}, headers=headers)).status_code == 201
        assert (await one.post("/api/capital", paid, headers=headers)).status_code == 201
        (newest, *_) = await items(one, "/api/capital")
        assert newest["amount"] == "10.00"


async def test_sums_are_of_one_desk(desk: Api, other: Api) -> None:
    await desk.post("/api/breaker/halt", {"reason": "only ours"})
    try:
        assert (await other.get("/api/breaker")).json()["desk"]["state"] == "ACTIVE"
        lengths = [(await one.get("/api/chain")).json()["length"] for one in (desk, other)]
        assert lengths == [await one.desk.books.reports.head() for one in (desk, other)]
        seen = (await other.post("/api/chain/verify")).json()
        assert (seen["whole"], seen["length"]) == (True, lengths[1])
        assert (await other.get("/api/me")).json()["desk_id"] == "other"
    finally:
        await desk.post("/api/breaker/resume", {"reason": "over"})
