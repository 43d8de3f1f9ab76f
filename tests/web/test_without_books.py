"""A desk before its first cycle, over HTTP: a program knows it by the type of the problem, not by its words."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from settings import DeskSettings
from tests.web.api import Api, api, settings_of
from tests.web.routes import Described
from web.guard import LIVE
from web.problems import KIND

READS = ("breaker", "portfolio", "positions", "exposure", "equity", "changes", "status", "spend", "strategies", "chain")


@pytest.fixture(scope="module")
async def bare(desk: Api) -> AsyncIterator[Api]:
    """Another desk of the same database, which has never run."""
    at = desk.desk
    settings = settings_of(at.settings.market.data_dir, desk=DeskSettings(id="bare", symbols="AAPL"))
    async with api(at.found.database, at.client, settings) as one:
        yield one


@pytest.mark.parametrize("name", READS)
async def test_what_wants_books_is_refused_by_a_type_of_its_own(bare: Api, name: str) -> None:
    answer = await bare.get(f"/api/{name}")
    told = answer.json()
    assert (answer.status_code, told["type"], told["title"]) == (409, f"{KIND}no-books", "Conflict")
    assert "desk bare has no books yet" in told["detail"]


async def test_what_asks_for_no_books_answers_and_says_that_there_are_none(bare: Api) -> None:
    assert (await bare.get("/api/me")).json()["has_books"] is False
    for name in ("cycles", "events", "orders", "alerts", "approvals", "settings", "backtests", "inquiries"):
        assert (await bare.get(f"/api/{name}")).status_code == 200, name
    assert (await bare.get("/health")).status_code == 200


async def test_another_refusal_is_not_taken_for_this_one(desk: Api) -> None:
    answer = await desk.post("/api/strategies", {"strategy_id": "agents", "fields": {}})
    assert (answer.status_code, answer.json()["type"]) == (409, f"{KIND}refused")


@pytest.mark.faults
async def test_no_route_says_it_in_words_alone(bare: Api) -> None:
    described = Described((await bare.get("/api/openapi.json")).json())
    for one in described.operations:
        if one.path in {LIVE, "/cycles/run", "/api/trades", "/api/inquiries"} or "/halt" in one.path:
            continue
        asked = one.asked()
        answer = await bare.ask(asked.pop("method"), asked.pop("path"), **asked)
        if "no books" in answer.text and answer.status_code >= 400:
            assert answer.json()["type"] == f"{KIND}no-books", str(one)
