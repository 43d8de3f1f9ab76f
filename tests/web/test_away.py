"""Servers that are away: said so, in time and in one shape, and the API itself lives on."""

from __future__ import annotations

from tests.conftest import free_port
from tests.web.api import Api, api
from workflows.search_attributes import TRACE_ID


async def test_without_a_database_everything_that_needs_it_is_unavailable(desk: Api) -> None:
    at = desk.desk
    nowhere = at.found.database.model_copy(update={"port": free_port()})
    async with api(nowhere, at.client, at.settings) as alone:
        for answer in (await alone.get("/api/portfolio"), await alone.post("/api/events", {"text": "x"})):
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert answer.json()["type"] == "urn:trading-desk:problem:unavailable"
        health = await alone.get("/health")
        told = {one["name"]: one["health"] for one in health.json()["checks"]}
        assert (health.status_code, health.json()["status"]) == (503, "down")
        assert (told["database"], told["temporal"], told["workers"]) == ("down", "ok", "ok")
        assert (await alone.get("/api/openapi.json")).status_code == 200


async def test_a_database_that_lets_nobody_in_is_told_without_its_words(desk: Api) -> None:
    at = desk.desk
    other = at.found.database.model_copy(update={"name": "nowhere-canary"})
    async with api(other, at.client, at.settings) as alone:
        answer = await alone.get("/api/portfolio")
        assert answer.status_code == 503
        assert "canary" not in answer.text


async def test_a_question_is_asked_and_has_its_answer_or_is_refused_in_words(desk: Api) -> None:
    answer = await desk.post("/api/inquiries", {"question": "what do we hold?"}, headers={"X-Request-ID": "q-1"})
    assert answer.status_code == 202, answer.text
    assert answer.json()["trace_id"] == "q-1"
    place = answer.headers["location"]
    assert place == f"/api/inquiries/{answer.json()['inquiry_id']}"
    report = None
    while report is None:
        # Its worker has yet to write it down: until then nobody knows the question.
        report = (await desk.get(place)).json().get("report")
    assert (await desk.get(f"{place}/steps")).json()["items"] == report["findings"] != []
    asked = await desk.desk.client.get_workflow_handle(f"inquiry/{answer.json()['inquiry_id']}").describe()
    assert asked.typed_search_attributes[TRACE_ID] == "q-1"
