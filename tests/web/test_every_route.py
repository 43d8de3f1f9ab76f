"""What holds for every route there is, as the API describes them: who may, and that nothing hostile gets through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.web.api import Api, token
from tests.web.routes import Described, numbers, texts, with_words
from trading.access import Scope

OPEN = "/health"
ENDLESS = "/api/live"
CYCLES = {"/cycles/run", "/api/trades"}
"""What begins a cycle is waited for: it would write on while the next request is refused."""
WORDS = (
    "'; DROP TABLE events; --",
    "<script>alert(1)</script>",
    "../../../etc/passwd",
    "\u202e",
    "a" * 4000,
    "{{7*7}}",
)
EXTREMES = ("0", "-1", "2147483648", "9" * 30, "1e308", "NaN", "0001-01-01", "9999-12-31", "2026-02-30")


@pytest.fixture(scope="module")
async def described(desk: Api) -> Described:
    return Described((await desk.get("/api/openapi.json")).json())


async def told(desk: Api, asked: dict[str, Any]) -> Any:
    answer = await desk.ask(asked.pop("method"), asked.pop("path"), **asked)
    assert answer.status_code not in {500, 502, 504}, (asked, answer.text)
    assert answer.headers["x-content-type-options"] == "nosniff"
    if answer.status_code >= 400 and answer.headers["content-type"] != "application/json":
        assert answer.headers["content-type"] == "application/problem+json", (asked, answer.text)
        assert "<" not in answer.text
    return answer


async def test_each_route_asks_who_comes_and_what_for(desk: Api, described: Described) -> None:
    engine, late = desk.desk.books.engine, datetime.now(UTC) - timedelta(seconds=1)
    nobody = {
        "without": desk,
        "expired": desk.holding(await token(engine, *Scope, expires_at=late)),
        "other desk": desk.holding(await token(engine, *Scope, desk_id="other")),
        "no token": desk.holding("tdk_" + "0" * 12 + "_" + "a" * 43),
    }
    reads, operates = [desk.holding(await token(engine, one)) for one in (Scope.READ, Scope.OPERATE)]
    before = await desk.desk.books.reports.head()
    assert len(described.operations) > 45
    try:
        for one in described.operations:
            if one.path == OPEN:
                continue
            for whose, somebody in nobody.items():
                assert (await told(somebody, one.asked())).status_code == 401, (whose, str(one))
            if one.path != ENDLESS and one.method == "GET":
                assert (await told(reads, one.asked())).status_code not in {401, 403}, str(one)
            if one.method != "GET":
                assert (await told(reads, one.asked())).status_code == 403, str(one)
            if "/approvals/" in one.path or one.path.endswith("/rung"):
                assert (await told(operates, one.asked())).status_code == 403, str(one)
        assert await desk.desk.books.reports.head() == before
    finally:
        for each in await desk.desk.tokens.listed():
            await desk.desk.tokens.revoke(each.token_id, each.created_at)


@pytest.mark.faults
async def test_hostile_words_wherever_a_route_takes_words_break_and_change_nothing(
    desk: Api, described: Described
) -> None:
    for one in described.operations:
        before = await desk.desk.books.reports.head()
        takers = [each["name"] for each in one.parameters if texts(each)]
        headers = {each["name"] for each in one.parameters if each["in"] == "header"}
        for name in takers:
            for word in WORDS:
                if one.path == ENDLESS or (name in headers and not word.isascii()):
                    continue
                answer = await told(desk, one.asked(**{name: word}))
                assert answer.status_code < 300 or answer.status_code >= 400
        if one.method == "GET":
            assert await desk.desk.books.reports.head() == before, str(one)


@pytest.mark.faults
async def test_hostile_words_in_every_word_of_a_body_are_refused_or_only_words(desk: Api, described: Described) -> None:
    for one in described.operations:
        for word in WORDS[:4]:
            for body in with_words(one.body, word):
                before = await desk.desk.books.reports.head()
                waits = {"params": {"wait": 25}} if one.path in CYCLES else {}
                answer = await told(desk, {**one.asked(), **waits, "json": body})
                if answer.status_code >= 400:
                    assert await desk.desk.books.reports.head() == before, (str(one), body)
    assert (await desk.post("/api/chain/verify")).json()["whole"] is True


@pytest.mark.faults
async def test_numbers_and_days_beyond_all_bounds_are_refused_or_taken(desk: Api, described: Described) -> None:
    for one in described.operations:
        for name in (each["name"] for each in one.parameters if numbers(each)):
            for value in EXTREMES:
                if one.path != ENDLESS and one.method == "GET":
                    await told(desk, one.asked(**{name: value}))
