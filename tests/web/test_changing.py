"""Everything that can be asked of a desk, on real servers: what is started and written, and under whose name."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.web.api import Api, token
from trading.access import Scope
from trading.audit import audit
from trading.events import broken_links

TRACE = "ann-7"


async def newest(desk: Api, kind: str) -> dict[str, Any]:
    (line,) = (await desk.get("/api/events", params={"type": kind, "limit": 1})).json()["items"]
    told: dict[str, Any] = line
    return told


async def test_a_cycle_that_is_asked_for_runs_under_the_requests_name_and_once(desk: Api) -> None:
    headers = {"X-Request-ID": TRACE, "Idempotency-Key": "monday"}
    asked = {"symbols": ["AAPL"]}
    first = await desk.post("/cycles/run", asked, headers=headers)
    again = await desk.post("/cycles/run", asked, headers=headers, params={"wait": 25})
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.headers["x-request-id"] == first.json()["trace_id"] == TRACE
    assert first.headers["location"] == again.headers["location"] == f"/api/cycles/{again.json()['cycle']['cycle_id']}"
    assert {line["trace_id"] for line in again.json()["events"]} == {TRACE}
    assert again.json()["report"]["outcome"] == again.json()["cycle"]["outcome"]
    late = await desk.post("/cycles/run", asked, headers={**headers, "X-Request-ID": "ann-8"})
    assert (late.headers["x-request-id"], late.json()["trace_id"]) == ("ann-8", TRACE), (
        "what it started is in the first's"
    )
    for words in ({"symbols": ["KO"]}, {"symbols": ["AAPL"], "anytime": True}, {}):
        other = await desk.post("/cycles/run", words, headers=headers)
        assert (other.status_code, other.json()["detail"].partition(": ")[2]) == (
            409,
            "something else was asked for under this name before",
        )
    trade = {"side": "sell", "symbol": "AAPL", "reason": "enough"}
    assert (await desk.post("/api/trades", trade, headers=headers)).status_code == 409


@pytest.mark.parametrize("path", ["/cycles/run", "/api/trades", "/api/events"])
async def test_a_key_that_could_not_be_kept_whole_is_refused(desk: Api, path: str) -> None:
    answer = await desk.post(path, {"symbols": ["AAPL"]}, headers={"Idempotency-Key": "k" * 121})
    assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, "header.Idempotency-Key")


async def test_a_note_is_a_line_of_the_log_like_any_other_and_written_once(desk: Api) -> None:
    said = {"text": "<b>fills</b> may come late"}
    answers = [await desk.post("/api/events", said, headers={"Idempotency-Key": "n1"}) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    line = await newest(desk, "OperatorNote")
    assert line["data"] == {"by": "operator", "text": said["text"]}
    other = await desk.post("/api/events", {"text": "other"}, headers={"Idempotency-Key": "n1"})
    assert (other.status_code, other.json()["type"]) == (409, "urn:trading-desk:problem:refused")
    cycle = (await desk.get("/api/cycles")).json()["items"][0]["cycle_id"]
    await desk.post("/api/events", {"text": "well decided", "cycle_id": cycle})
    assert (await newest(desk, "OperatorNote"))["aggregate_id"] == cycle
    assert (await desk.post("/api/events", {"text": "?", "cycle_id": "other/1"})).status_code == 404
    books = await desk.desk.books.ledger.books("main")
    assert broken_links(books.events) == []
    assert audit(books, ()) == () or all(one.invariant != "I1" for one in audit(books, ()))


async def test_a_desk_is_halted_and_goes_on_by_the_word_of_whoever_asked(desk: Api) -> None:
    halted = await desk.post("/api/breaker/halt", {"reason": "the news"}, headers={"X-Request-ID": "h-1"})
    assert (halted.status_code, halted.json()["state"], halted.json()["changed_by"]) == (200, "HALTED", "operator")
    assert (await newest(desk, "TradingStateChanged"))["trace_id"] == "h-1"
    health = await desk.get("/health")
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    resumed = await desk.post("/api/breaker/resume", {"reason": "read it"})
    assert (resumed.status_code, resumed.json()["state"]) == (200, "ACTIVE")
    assert (await desk.post("/api/breaker/halt", {"reason": "x", "strategy": "none"})).status_code == 404


async def test_money_is_paid_in_once_and_never_more_out_than_there_is(desk: Api) -> None:
    before = Decimal((await desk.get("/api/portfolio")).json()["cash"])
    paid = {"kind": "deposit", "amount": "2500.50", "reason": "a gift"}
    answers = [await desk.post("/api/capital", paid, headers={"Idempotency-Key": "g"}) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    assert Decimal((await desk.get("/api/portfolio")).json()["cash"]) == before + Decimal("2500.50")
    assert (await desk.get("/api/capital")).json()["items"][0]["reason"] == "a gift (operator)"
    other = await desk.post("/api/capital", paid | {"amount": "1"}, headers={"Idempotency-Key": "g"})
    back = await desk.post("/api/capital", paid | {"kind": "withdrawal"}, headers={"Idempotency-Key": "g"})
    assert (back.status_code, back.json()["detail"]) == (409, "something else was paid under this key")
    out = await desk.post("/api/capital", paid | {"kind": "withdrawal", "amount": "99999999"})
    much = await desk.post("/api/capital", paid | {"amount": "1000000000000"})
    assert (other.status_code, out.status_code, much.status_code) == (409, 409, 409)
    assert Decimal((await desk.get("/api/portfolio")).json()["cash"]) == before + Decimal("2500.50")


async def test_a_strategy_is_added_changed_moved_and_removed_under_the_same_rules(desk: Api) -> None:
    path = "/api/strategies"
    wish = {"source": "sma_crossover", "universe": {"symbols": ["AAPL"]}, "allocation": "0.2"}
    added = await desk.post(path, {"strategy_id": "trend", "fields": wish, "reason": "to be watched"})
    assert (added.status_code, added.json()["strategy"]["rung"]) == (201, "shadow"), added.text
    assert (await newest(desk, "StrategyChanged"))["data"]["reason"] == "to be watched"
    off = await desk.ask("PATCH", f"{path}/trend", json={"fields": {"enabled": False}})
    assert (off.status_code, off.json()["strategy"]["enabled"]) == (200, False)
    refused: dict[int, list[dict[str, Any]]] = {
        409: [{"parameters": {"fast": "x"}}],
        403: [{"source": "antigravity:fly"}],
        422: [{"rung": "live"}, {}, {"allocation": "7"}, {"nonsense": 1}],
    }
    for status, several in refused.items():
        for fields in several:
            answer = await desk.ask("PATCH", f"{path}/trend", json={"fields": fields})
            assert answer.status_code == status, (fields, answer.text)
    two = {"limits": {"max_position": "3"}, "approval": {"mode": "never"}}
    wrong = (await desk.ask("PATCH", f"{path}/trend", json={"fields": two})).json()["errors"]
    assert [one["where"] for one in wrong] == ["body.fields.limits.max_position", "body.fields.approval.mode"]
    live = await desk.post(f"{path}/trend/rung", {"to": "live"})
    full = await desk.post(f"{path}/trend/rung", {"to": "paper"})
    assert (live.status_code, full.status_code) == (403, 409)
    assert (await desk.ask("DELETE", f"{path}/trend")).status_code == 200
    assert (await desk.ask("DELETE", f"{path}/trend")).status_code == 404


async def test_a_person_proposes_a_trade_and_its_cycle_says_who_decided(desk: Api) -> None:
    asked = {"side": "buy", "symbol": "MSFT", "shares": "2", "stop": "1", "reason": "<b>cheap</b>"}
    headers = {"Idempotency-Key": "buy-two"}
    first = await desk.post("/api/trades", asked, headers=headers)
    again = await desk.post("/api/trades", asked, headers=headers, params={"wait": 25})
    assert (first.status_code, again.status_code) == (202, 200), again.text
    assert first.headers["location"] == again.headers["location"]
    seen = again.json()
    (order,) = [line for line in seen["orders"] if line["leg"] == "entry"]
    assert (order["side"], order["symbol"], order["quantity"]) == ("buy", "MSFT", "2")
    said = {line["type"]: line["data"] for line in seen["events"]}
    assert (said["OperatorDecision"]["operator"], said["OperatorDecision"]["quantity"]) == ("operator", "2")
    assert "RiskAssessed" not in said
    decisions = (await desk.get("/api/decisions", params={"symbol": "MSFT"})).json()["items"]
    assert decisions[0]["type"] == "OperatorDecision"
    sold = await desk.post("/api/trades", {**asked, "side": "sell", "stop": None, "shares": None}, params={"wait": 25})
    assert sold.json()["cycle"]["outcome"] == "traded"


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ({"shares": "0"}, 422),
        ({"shares": "1", "weight": "0.5"}, 422),
        ({"shares": 1.5}, 422),
        ({"shares": "1", "by": "somebody"}, 422),
        ({"shares": "1", "reason": ""}, 422),
        ({"shares": "1", "symbol": "'; DROP TABLE trades; --"}, 422),
        ({"shares": "1", "symbol": "ZZZZ"}, 404),
        ({"shares": "1", "strategy": "nobody"}, 409),
    ],
)
async def test_a_trade_that_is_none_is_refused_and_begins_no_cycle(
    desk: Api, words: dict[str, Any], status: int
) -> None:
    before = (await desk.get("/api/cycles")).json()["items"][0]
    answer = await desk.post("/api/trades", {"side": "buy", "symbol": "MSFT", "reason": "a hunch", **words})
    assert answer.status_code == status, answer.text
    assert (await desk.get("/api/cycles")).json()["items"][0] == before


@pytest.mark.parametrize("verb", ["approve", "reject"])
async def test_an_answer_to_nothing_and_to_another_desks_cycle_changes_nothing(desk: Api, verb: str) -> None:
    said = {"cycle_id": "other-20261120T000000-1", "hash": "0" * 64}
    assert (await desk.post(f"/api/approvals/{verb}", said)).status_code == 404
    cycle = (await desk.get("/api/cycles")).json()["items"][0]["cycle_id"]
    ended = await desk.post(f"/api/approvals/{verb}", said | {"cycle_id": cycle})
    assert (ended.status_code, ended.json()["detail"]) == (409, f"cycle {cycle} has ended: nothing waits there")


async def test_an_alert_that_there_is_not_cannot_be_acknowledged(desk: Api) -> None:
    assert (await desk.post("/api/alerts/1/ack")).status_code == 404


async def test_the_log_knows_whose_token_it_was(desk: Api) -> None:
    engine = desk.desk.books.engine
    ann = desk.holding(await token(engine, Scope.OPERATE, name="ann"))
    assert (await ann.post("/api/events", {"text": "it was me"})).status_code == 201
    assert (await newest(ann, "OperatorNote"))["data"]["by"] == "ann"
    sale = {"side": "sell", "symbol": "KO", "reason": "enough"}
    bob = desk.holding(await token(engine, Scope.OPERATE, name="bob"))
    answers = [await who.post("/api/trades", sale, headers={"Idempotency-Key": "one"}) for who in (ann, ann, bob)]
    assert [answer.status_code for answer in answers] == [202, 202, 409], "nobody is answered with another's trade"
    for one in await desk.desk.tokens.listed():
        await desk.desk.tokens.revoke(one.token_id, one.created_at)
