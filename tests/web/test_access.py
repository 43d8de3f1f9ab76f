"""Who may come, with what, from where, and that a refusal changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings import WebSettings
from tests.web.api import OWN, Api, api, token
from trading.access import Scope, allows
from trading.errors import BadConfiguration
from web.access import Door
from web.buckets import MOST_CALLERS, Buckets

NOTE = {"text": "a note"}


async def count(desk: Api) -> int:
    return await desk.desk.books.reports.head()


async def forget(desk: Api) -> None:
    """Revoke every token, so that whoever sits here may come again."""
    for one in await desk.desk.tokens.listed():
        await desk.desk.tokens.revoke(one.token_id, one.created_at)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"X_Trading_Desk": "0"}, 403),
        ({"X_Trading_Desk": "1", "Origin": "https://evil.example"}, 403),
        ({"X_Trading_Desk": "1", "Origin": "null"}, 403),
        ({"X_Trading_Desk": "1", "Sec_Fetch_Site": "cross-site"}, 403),
        ({"X_Trading_Desk": "1", "Sec_Fetch_Site": "same-site"}, 403),
        ({"X_Trading_Desk": "1", "Host": "evil.example"}, 421),
        ({"X_Trading_Desk": "1", "Host": "127.0.0.1.evil.example"}, 421),
        ({"X_Trading_Desk": "1", "X_Forwarded_For": "127.0.0.1"}, 401),
        ({"X_Trading_Desk": "1", "Via": "1.1 proxy"}, 401),
        ({"Authorization": "Bearer tdk_000000000000_" + "a" * 43}, 401),
        ({"Authorization": "Basic b3BlcmF0b3I6"}, 401),
        ({"Authorization": "Bearer ' OR 1=1 --"}, 401),
    ],
)
async def test_without_a_token_only_this_machine_and_its_own_page_may_change_anything(
    desk: Api, headers: dict[str, str], status: int
) -> None:
    before = await count(desk)
    answer = await desk.but(**headers).post("/api/events", NOTE)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert await count(desk) == before


async def test_the_desks_own_page_may_ask(desk: Api) -> None:
    page = desk.but(X_Trading_Desk="1", Origin=desk.url, Sec_Fetch_Site="same-origin")
    assert (await page.post("/api/events", NOTE)).status_code == 201


async def test_a_form_of_another_site_is_not_even_read(desk: Api) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = await desk.ask("POST", "/api/events", content=b'{"text": "x"}', headers={"Content-Type": kind})
        assert answer.status_code == 415


async def test_a_token_opens_what_it_is_for_and_from_then_on_it_takes_one(desk: Api) -> None:
    engine = desk.desk.books.engine
    reads = desk.holding(await token(engine, Scope.READ))
    operates = desk.holding(await token(engine, Scope.OPERATE))
    approves = desk.holding(await token(engine, Scope.APPROVE))
    said = {"cycle_id": "none", "hash": "0" * 64}
    try:
        for one in (reads, operates, approves):
            assert (await one.get("/api/portfolio")).status_code == 200
        assert [(await one.post("/api/events", NOTE)).status_code for one in (reads, operates, approves)] == [
            403,
            201,
            403,
        ]
        answers = [await one.post("/api/approvals/approve", said) for one in (reads, operates, approves)]
        assert [one.status_code for one in answers] == [403, 403, 404]
        alone = await desk.get("/api/portfolio")
        assert (alone.status_code, alone.headers["www-authenticate"][:6]) == (401, "Bearer")
    finally:
        await forget(desk)
    assert (await reads.get("/api/portfolio")).json()["detail"] == "this token was revoked"


async def test_who_may_not_approve_does_not_take_the_person_out_of_a_strategy(desk: Api) -> None:
    engine, path = desk.desk.books.engine, "/api/strategies/asking"
    always, later = {"mode": "always"}, {"mode": "always", "valid_minutes": 60}
    added = {"strategy_id": "asking", "fields": {"source": "sma_crossover", "approval": always}}
    assert (await desk.post("/api/strategies", added)).status_code == 201
    operates = desk.holding(await token(engine, Scope.OPERATE))
    both = desk.holding(await token(engine, Scope.OPERATE, Scope.APPROVE))
    try:
        before = await count(desk)
        for less in (None, {"mode": "auto"}, {"mode": "above_notional"}, later):
            answer = await operates.ask("PATCH", path, json={"fields": {"approval": less}})
            assert (answer.status_code, answer.json()["detail"][-9:]) == (403, "`approve`"), less
        assert await count(desk) == before
        sooner = {"fields": {"approval": {**always, "valid_minutes": 5}, "enabled": False}}
        assert (await operates.ask("PATCH", path, json=sooner)).status_code == 200
        assert (await both.ask("PATCH", path, json={"fields": {"approval": None}})).status_code == 200
        assert (await operates.ask("PATCH", path, json={"fields": {"approval": always}})).status_code == 200
    finally:
        await forget(desk)
        await desk.ask("DELETE", path)


async def test_a_token_counts_on_its_own_desk_and_until_its_end(desk: Api) -> None:
    engine, now = desk.desk.books.engine, datetime.now(UTC)
    late = await token(engine, expires_at=now - timedelta(seconds=1))
    other = await token(engine, desk_id="other")
    whole = await token(engine)
    wrong = whole[:-1] + ("a" if whole[-1] != "a" else "b")
    try:
        said = {
            one: (await desk.holding(one).get("/api/portfolio")).json().get("detail") for one in (late, other, wrong)
        }
        assert said == {
            late: "this token has expired",
            other: "there is no such token",
            wrong: "there is no such token",
        }
    finally:
        await forget(desk)


async def test_anybody_may_see_that_it_lives_and_only_who_may_read_sees_why(desk: Api) -> None:
    try:
        reads = desk.holding(await token(desk.desk.books.engine))
        alone, told = await desk.but().get("/health"), await reads.get("/health")
        assert (alone.status_code, told.status_code) == (200, 200)
        assert {one["found"] for one in alone.json()["checks"]} == {""}
        assert all(one["found"] for one in told.json()["checks"])
    finally:
        await forget(desk)


async def test_it_does_not_listen_elsewhere_without_a_token(desk: Api) -> None:
    at = desk.desk
    with pytest.raises(BadConfiguration, match=r"^0\.0\.0\.0 is not this machine alone: make a token first"):
        async with api(at.found.database, at.client, at.settings, "0.0.0.0"):  # noqa: S104  what is refused
            pass
    held = await token(at.books.engine)
    try:
        async with api(at.found.database, at.client, at.settings, "0.0.0.0") as open_one:  # noqa: S104  with a token
            assert (await open_one.but(**OWN_AS).get("/api/portfolio")).status_code == 401
            assert (await open_one.holding(held).get("/api/portfolio")).status_code == 200
    finally:
        await forget(desk)


OWN_AS = {name.replace("-", "_"): value for name, value in OWN.items()}


async def test_whoever_asks_too_much_is_told_to_wait(desk: Api) -> None:
    at = desk.desk
    slow = at.settings.model_copy(update={"web": WebSettings(requests_per_second=0.5, burst=3)})
    async with api(at.found.database, at.client, slow) as few:
        answers = [await few.get("/api/openapi.json") for _ in range(5)]
    assert [one.status_code for one in answers][-1] == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert answers[-1].json()["type"] == "urn:trading-desk:problem:too-many"


async def test_the_files_of_the_page_count_as_parts_of_a_request(desk: Api) -> None:
    at = desk.desk
    slow = at.settings.model_copy(update={"web": WebSettings(requests_per_second=0.01, burst=3)})
    async with api(at.found.database, at.client, slow) as few:
        answers = [(await few.get("/page/main.js")).status_code for _ in range(40)]
    assert 20 < answers.count(200) <= 31
    assert answers[-1] == 429


async def test_every_answer_has_the_headers_that_keep_a_browser_strict(desk: Api) -> None:
    for answer in (await desk.get("/api/portfolio"), await desk.get("/nowhere"), await desk.but().post("/api/events")):
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "server" not in answer.headers


@pytest.mark.parametrize("said", ["a b", "<script>", "x" * 200, "-x", "ä", ""])
async def test_a_name_that_the_books_cannot_hold_is_replaced(desk: Api, said: str) -> None:
    answer = await desk.get("/api/openapi.json", headers={"X-Request-ID": said.encode()})
    assert len(answer.headers["x-request-id"]) == 32


@given(scopes=st.sets(st.sampled_from(Scope), min_size=1))
def test_every_scope_reads_and_nothing_else_follows_from_another(scopes: set[Scope]) -> None:
    told = tuple(scopes)
    assert {scope for scope in Scope if allows(told, scope)} == scopes | {Scope.READ}


@given(rate=st.floats(0.1, 50), burst=st.integers(1, 20), gaps=st.lists(st.floats(0, 5), min_size=1, max_size=200))
def test_a_bucket_never_gives_more_than_its_burst_and_what_flowed_in(
    rate: float, burst: int, gaps: list[float]
) -> None:
    buckets, now, taken = Buckets(rate, burst), 0.0, 0
    for gap in gaps:
        now += gap
        wait = buckets.wait("ann", now)
        taken += wait == 0
        assert wait <= 1 / rate
        assert taken <= burst + rate * now + 1e-6


def test_callers_have_a_bucket_each_and_no_more_are_kept_than_that() -> None:
    buckets = Buckets(1, 1)
    assert [bool(buckets.wait(str(one), 0)) for one in range(MOST_CALLERS + 10)].count(True) == 0
    assert buckets.wait(str(MOST_CALLERS + 9), 0) == 1


@pytest.mark.parametrize(
    ("host", "called", "known"),
    [
        ("127.0.0.1", "localhost:8000", True),
        ("127.0.0.1", "[::1]:8000", True),
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "desk.example", False),
        ("127.0.0.1", "", False),
        ("0.0.0.0", "desk.example:80", True),  # noqa: S104  a place to listen
    ],
)
def test_a_desk_of_this_machine_is_called_by_its_names_only(host: str, called: str, *, known: bool) -> None:
    assert Door(host).knows(called) is known


def test_a_name_of_the_settings_is_one_of_its_names() -> None:
    door: Any = Door("127.0.0.1", frozenset({"desk.example"}))
    assert (door.knows("Desk.Example:443"), door.knows("other.example")) == (True, False)
