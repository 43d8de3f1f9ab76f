"""Everything that can be read, of a real desk that has run a cycle."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.rig import SYMBOLS
from tests.web.api import Api
from web.app import create_app, described
from web.serving import door_of

CYCLE = "/api/cycles/"


async def document(desk: Api, path: str, **more: Any) -> Any:
    answer = await desk.get(path, **more)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


async def test_the_portfolio_is_what_the_books_hold_in_exact_amounts(desk: Api) -> None:
    told = await document(desk, "/api/portfolio")
    held = await desk.desk.books.ledger.portfolio("main")
    assert (Decimal(told["cash"]), Decimal(told["equity"])) == (held.cash, held.equity)
    assert [one["symbol"] for one in told["positions"]] == [one.symbol for one in held.positions]
    lines = (await document(desk, "/api/positions"))["items"]
    assert [{name: one[name] for name in told["positions"][0]} for one in lines] == told["positions"]
    part = await document(desk, "/api/portfolio", params={"strategy": "agents"})
    assert Decimal(part["equity"]) == held.equity


async def test_who_has_an_answer_already_is_told_no_more_than_that(desk: Api) -> None:
    for path in ("/api/portfolio", "/api/events"):
        first = await desk.get(path)
        again = await desk.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert (await desk.get(path, headers={"If-None-Match": '"another"'})).status_code == 200


async def test_the_log_is_read_page_by_page_from_both_ends(desk: Api) -> None:
    newest = await document(desk, "/api/events", params={"limit": 7})
    total = newest["items"][0]["sequence"]
    backwards, page = newest["items"], newest
    while page["next"] is not None:
        page = await document(desk, "/api/events", params={"limit": 7, "before": page["next"]})
        backwards += page["items"]
    assert [line["sequence"] for line in backwards] == [*range(total, 0, -1)]
    forwards: list[Any] = []
    following: str | None = "0"
    while following is not None:
        page = await document(desk, "/api/events", params={"limit": 9, "after": following})
        forwards, following = forwards + page["items"], page["next"]
    assert forwards == backwards[::-1]
    signals = await document(desk, "/api/events", params={"type": ["SignalGenerated", "CycleStarted"], "limit": 500})
    assert {line["type"] for line in signals["items"]} == {"SignalGenerated", "CycleStarted"}


async def test_orders_trades_and_cycles_come_in_pages_without_a_gap(desk: Api) -> None:
    for path in ("/api/orders", "/api/trades"):
        whole = (await document(desk, path, params={"limit": 500}))["items"]
        parts: list[Any] = []
        cursor: str | None = None
        while True:
            asked = {"limit": 1} | ({"cursor": cursor} if cursor else {})
            page = await document(desk, path, params=asked)
            parts, cursor = parts + page["items"], page["next"]
            if cursor is None:
                break
        assert parts == whole
        assert whole


async def test_a_cycle_is_told_with_every_agents_word_its_events_and_orders(desk: Api) -> None:
    (line,) = (await document(desk, "/api/cycles"))["items"]
    seen = await document(desk, CYCLE + line["cycle_id"])
    assert seen["cycle"] == line
    assert {row["symbol"] for row in seen["report"]["rows"]} == set(SYMBOLS)
    assert seen["events"][0]["type"] == "CycleStarted"
    assert seen["url"].startswith("http://127.0.0.1:1/namespaces/trading/workflows/cycle")
    decided = await document(desk, "/api/decisions")
    assert {line["type"] for line in decided["items"]} == {"MetaAgentDecision"}
    for name in ("symbol", "verdict"):
        word = decided["items"][0]["data"][name]
        those = (await document(desk, "/api/decisions", params={name: word, "strategy": "agents"}))["items"]
        assert those == [one for one in decided["items"] if one["data"][name] == word]
    assert (await document(desk, "/api/decisions", params={"strategy": "none"}))["items"] == []


async def test_a_rule_is_told_with_what_it_does_and_its_parameters(desk: Api) -> None:
    rules = {one["name"]: one for one in (await document(desk, "/api/rules"))["items"]}
    assert rules["sma-crossover"]["about"].startswith("Hold what has its `fast`")
    assert rules["sma-crossover"]["parameters"]["slow"] == 200


async def test_the_market_is_what_a_cycle_would_see(desk: Api) -> None:
    asked = {"symbol": ["AAPL", "MSFT"]}
    quotes = await document(desk, "/api/market/quote", params=asked)
    assert set(quotes["quotes"]) == {"AAPL", "MSFT"}
    seen = await document(desk, "/api/market/indicators", params=asked)
    assert {one["instrument"]["symbol"] for one in seen["symbols"]} == {"AAPL", "MSFT"}
    assert (await desk.get("/api/market/quote", params={"symbol": "ZZZZ"})).status_code == 404


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/api/status", "breaker"),
        ("/api/spend", "budgets"),
        ("/api/breaker", "desk"),
        ("/api/shadow", "totals"),
        ("/api/strategies/agents", "evidence"),
        ("/api/equity", "items"),
        ("/api/capital", "items"),
        ("/api/strategies", "items"),
        ("/api/approvals", "items"),
        ("/api/alerts", "items"),
        ("/api/schedules", "items"),
        ("/api/backtests", "items"),
        ("/api/inquiries", "items"),
        ("/api/measures", "items"),
        ("/api/challenges", "items"),
        ("/api/memory/search?text=a%20dip", "items"),
    ],
)
async def test_every_other_look_answers(desk: Api, path: str, key: str) -> None:
    assert key in await document(desk, path)


async def test_a_line_of_the_log_is_found_by_its_name(desk: Api) -> None:
    cycle = (await document(desk, "/api/cycles"))["items"][0]["cycle_id"]
    line = await document(desk, "/api/events/named", params={"id": f"{cycle}/CycleStarted"})
    assert (line["type"], line["aggregate_id"]) == ("CycleStarted", cycle)
    assert line in (await document(desk, "/api/events", params={"cycle": cycle, "limit": 500}))["items"]


async def test_settings_are_told_without_a_secret(desk: Api) -> None:
    lines = {line["variable"]: line for line in (await document(desk, "/api/settings"))["items"]}
    assert lines["DESK_ID"]["value"] == "main"
    assert lines["LLM_ANTHROPIC_API_KEY"]["value"] in {None, "", "********"}


async def test_a_desk_that_is_served_is_well(desk: Api) -> None:
    answer = await desk.get("/health")
    checks = {one["name"]: one for one in answer.json()["checks"]}
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert set(checks) == {"database", "temporal", "workers", "data", "breaker"}
    assert "desk 1" in checks["workers"]["found"]


async def test_requests_are_counted_by_route_and_not_by_address(desk: Api) -> None:
    await desk.get("/api/cycles/who-knows")
    await desk.get("/no/such/address")
    told = (await desk.get("/metrics")).text
    assert 'trading_http_requests_total{method="GET",route="/api/cycles/{cycle_id:path}",status="404"}' in told
    assert "who-knows" not in told
    assert "/no/such" not in told


@pytest.mark.parametrize(
    "path",
    [
        "/api/cycles/none",
        "/api/strategies/none",
        "/api/portfolio?strategy=none",
        "/api/backtests/none",
        "/api/backtests/none/files/..%2f..%2fetc%2fpasswd",
        "/api/inquiries/none",
        "/api/inquiries/none/steps",
        "/api/events/named?id=main/none",
        "/api/closes/2026-11-20",
        "/nowhere",
    ],
)
async def test_what_is_not_there_is_a_problem_that_says_so(desk: Api, path: str) -> None:
    answer = await desk.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["type"] == "urn:trading-desk:problem:not-found"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_the_description_is_told_and_every_route_has_words_for_its_problems(desk: Api) -> None:
    told = (await desk.get("/api/openapi.json")).json()
    assert told == described(create_app(desk.desk, door_of(desk.desk.settings.web, "127.0.0.1")))
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            assert operation["description"], (method, path)
            assert path == "/health" or {"400", "401", "403", "422", "429"} <= set(operation["responses"]), path
