"""What nobody means well: bodies, addresses and words that a request may bring. A clear 4xx, and nothing changed."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from tests.web.api import Api
from web.bodies import MOST_BYTES

WORDS = (
    "'; DROP TABLE events; --",
    "<script>alert(1)</script>",
    "../../../../etc/passwd",
    "%2e%2e%2fetc",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "\u202e\u0007",
    "A" * 5000,
)
PATHS = (
    "/api/cycles/{}",
    "/api/strategies/{}",
    "/api/backtests/{}",
    "/api/backtests/{}/files",
    "/api/backtests/{}/files/tear_sheet.html",
    "/api/inquiries/{}",
    "/api/closes/{}",
    "/api/events?cycle={}",
    "/api/events?type={}",
    "/api/portfolio?strategy={}",
    "/api/orders?cursor={}",
    "/api/market/quote?symbol={}",
    "/api/memory/search?text=x&symbol={}",
)
MANY = {"fields": {"source": "sma_crossover"}}
BODIES: tuple[tuple[str, str, dict[str, Any], str], ...] = (
    ("POST", "/cycles/run", {}, "symbols"),
    ("POST", "/cycles/run", {"symbols": ["AAPL"]}, "strategy"),
    ("POST", "/api/events", {"text": "x"}, "cycle_id"),
    ("POST", "/api/capital", {"kind": "deposit", "reason": "x"}, "amount"),
    ("POST", "/api/breaker/halt", {"reason": "x"}, "strategy"),
    ("POST", "/api/approvals/approve", {"cycle_id": "none"}, "hash"),
    ("POST", "/api/strategies", MANY, "strategy_id"),
    ("PATCH", "/api/strategies/agents", {}, "fields"),
)
WRONG: tuple[Any, ...] = (*WORDS, 7, {}, [[[]]], True, 1e308)


async def problem(answer: Any) -> dict[str, Any]:
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert "<" not in answer.text
    assert "Traceback" not in answer.text
    told: dict[str, Any] = answer.json()
    return told


@pytest.mark.parametrize("path", PATHS)
async def test_hostile_words_in_an_address_are_refused_and_not_repeated(desk: Api, path: str) -> None:
    for word in WORDS:
        await problem(await desk.get(path.format(quote(word, safe=""))))


@pytest.mark.parametrize(("method", "path", "base", "field"), BODIES)
async def test_hostile_words_and_wrong_types_in_a_body_change_nothing(
    desk: Api, method: str, path: str, base: dict[str, Any], field: str
) -> None:
    before = await desk.desk.books.reports.head()
    for word in WRONG:
        await problem(await desk.ask(method, path, json={**base, field: word}))
    assert await desk.desk.books.reports.head() == before


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b'{"text": NaN}', 400),
        (b'{"text": 1e999}', 400),
        (b'{"text": "\\u0000"}', 400),
        (b'{"text": "buy it", "text": "sell it"}', 400),
        (b'{"text": "\\ud800"}', 400),
        (b"[" * 20_000, 400),
        (b'{"text": ' + b"9" * 6000 + b"}", 400),
        (b'{"text": "' + b"a" * MOST_BYTES + b'"}', 413),
        (b"{}", 422),
        (b"[]", 422),
        (b'{"text": "x", "desk_id": "other"}', 422),
        (b'{"text": "   "}', 422),
    ],
    ids=[
        "broken",
        "bytes",
        "nan",
        "infinite",
        "nul",
        "twice",
        "half",
        "deep",
        "long",
        "large",
        "empty",
        "list",
        "extra",
        "blank",
    ],
)
async def test_a_body_that_no_store_could_take_is_refused(desk: Api, body: bytes, status: int) -> None:
    answer = await desk.ask("POST", "/api/events", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, (await problem(answer))["status"]) == (status, status)


async def test_a_body_that_has_no_end_is_cut_off(desk: Api) -> None:
    async def endless() -> Any:
        while True:
            yield b" " * 4096

    # Whoever is still writing may find the door shut before reading what was said at it.
    with suppress(httpx2.TransportError):
        answer = await desk.ask("POST", "/api/events", content=endless(), headers={"Content-Type": "application/json"})
        assert answer.status_code == 413
    assert (await desk.get("/api/portfolio")).status_code == 200


@pytest.mark.parametrize("path", ["/api/portfolio?strategy=%00", "/api/events?cycle=a%00b", "/api/cycles/%00"])
async def test_an_address_with_a_nul_is_refused(desk: Api, path: str) -> None:
    assert (await desk.get(path)).status_code == 400


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1e20", "", "2026-01-01"])
@pytest.mark.parametrize("path", ["/api/orders", "/api/trades"])
async def test_a_cursor_that_was_never_given_is_refused(desk: Api, path: str, at: str) -> None:
    cursor = base64.urlsafe_b64encode(f"{at} x".encode()).decode().rstrip("=")
    assert (await desk.get(path, params={"cursor": cursor})).status_code == 400


async def test_the_last_of_all_days_is_a_day(desk: Api) -> None:
    for asked in ({"until": "9999-12-31"}, {"since": "0001-01-01"}):
        assert (await desk.get("/api/scoreboard", params=asked)).status_code == 200
    assert (await desk.get("/api/scoreboard", params={"since": "9999-12-31"})).status_code == 409


@pytest.mark.parametrize("target", ["//evil.example/", "http://evil.example/api/portfolio", "/\\evil.example", "*"])
async def test_an_address_of_elsewhere_leads_nowhere(desk: Api, target: str) -> None:
    host, port = desk.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    said = (await reader.read()).decode()
    writer.close()
    assert said.startswith("HTTP/1.1 404 ")
    assert "evil" not in said
    assert "\nlocation:" not in said.lower()


async def test_nobody_is_sent_on_to_an_address_that_differs_by_a_stroke(desk: Api) -> None:
    assert (await desk.get("/api/portfolio/", headers={"Host": "127.0.0.1"})).status_code == 404


async def test_what_is_wrong_is_told_without_what_was_sent(desk: Api) -> None:
    answer = await desk.post("/api/events", {"text": {"<img src=x>": "secret-canary"}, "<b>": 1})
    told = await problem(answer)
    assert "secret-canary" not in answer.text
    assert {one["where"] for one in told["errors"]} == {"body.text", "body.<b>"}


async def test_a_request_that_says_nothing_does_not_hold_up_another(desk: Api) -> None:
    host, port = desk.url.removeprefix("http://").split(":")
    _, silent = await asyncio.open_connection(host, int(port))
    silent.write(b"POST /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n{")
    await silent.drain()
    assert (await desk.get("/api/portfolio")).status_code == 200
    silent.close()
    await silent.wait_closed()


async def test_two_methods_that_a_route_has_not_are_refused(desk: Api) -> None:
    for method in ("PUT", "TRACE", "DELETE"):
        answer = await desk.ask(method, "/api/portfolio")
        assert (answer.status_code, json.loads(answer.text)["type"]) == (405, "urn:trading-desk:problem:not-allowed")
