"""What the overview shows of a real desk: why each position was bought, how near the limits are, and the curve."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import insert

from adapters.postgres.spend_tables import model_spend
from tests.web.api import Api


async def document(desk: Api, path: str, **asked: Any) -> Any:
    answer = await desk.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_each_position_says_what_protects_it_and_the_words_that_it_was_bought_on(desk: Api) -> None:
    (cycle,) = (await document(desk, "/api/cycles"))["items"]
    decided = (await document(desk, "/api/decisions"))["items"]
    words = {line["data"]["symbol"]: line["data"]["rationale"] for line in decided}
    orders = (await document(desk, "/api/orders", open="true", limit=500))["items"]
    stops = {one["symbol"]: one["stop_price"] for one in orders if one["leg"] == "stop"}
    lines = (await document(desk, "/api/positions"))["items"]
    assert lines
    for line in lines:
        (bought,) = line["bought"]
        assert (bought["cycle_id"], bought["because"]) == (cycle["cycle_id"], words[line["symbol"]])
        assert bought["signal"]
        assert line["stop"] == stops[line["symbol"]]
        assert Decimal(line["stop"]) < Decimal(line["mark"]) < Decimal(line["target"])
    assert (await document(desk, "/api/positions", strategy="agents"))["items"] == lines


async def test_exposure_is_all_that_is_held_by_symbol_and_by_sector_beside_its_limit(desk: Api) -> None:
    told = await document(desk, "/api/exposure")
    held = await document(desk, "/api/portfolio")
    limits = desk.desk.settings.trading.limits
    values = {one["symbol"]: Decimal(one["value"]) for one in held["positions"]}
    assert {one["name"]: Decimal(one["usd"]) for one in told["symbols"]} == values
    assert sum(Decimal(one["usd"]) for one in told["sectors"]) == sum(values.values()) == Decimal(told["gross"])
    assert Decimal(told["net"]) == Decimal(held["equity"]) - Decimal(held["cash"])
    assert {Decimal(one["most"]) for one in told["sectors"]} == {limits.max_sector}
    assert {Decimal(one["most"]) for one in told["symbols"]} == {limits.max_position}
    assert (told["places"], told["most_places"]) == (len(values), limits.max_positions)
    sectors = {one["symbol"]: one["sector"] for one in held["positions"]}
    assert {symbol: line["name"] for line in told["sectors"] for symbol in line["symbols"]} == sectors
    parts = [one["usd"] for one in told["symbols"]]
    assert parts == sorted(parts, key=Decimal, reverse=True)


async def test_the_curve_is_newest_first_and_says_why_nothing_is_beside_it(desk: Api) -> None:
    for by in ("mark", "day"):
        told = await document(desk, "/api/equity", by=by)
        (newest, *_) = told["items"]
        held = await document(desk, "/api/portfolio")
        assert (newest["equity"], newest["cash"]) == (held["equity"], held["cash"])
        assert newest["benchmark"] is None
        assert told["benchmark"] == {"symbol": "SPY", "why": "no session has been closed yet"}
    assert (await desk.get("/api/equity", params={"by": "year"})).status_code == 422


async def test_the_day_s_change_is_since_the_opening_while_no_session_was_before(desk: Api) -> None:
    told = await document(desk, "/api/changes")
    held = await document(desk, "/api/portfolio")
    opening = Decimal(100_000)
    assert told["equity"] == held["equity"]
    for since in ("day", "week"):
        assert Decimal(told[since]["base"]) == opening
        assert Decimal(told[since]["usd"]) == Decimal(held["equity"]) - opening != 0
        assert told[since]["part"] == float(Decimal(told[since]["usd"]) / opening)


async def test_a_cycle_tells_what_each_call_cost_and_all_of_them(desk: Api) -> None:
    (cycle,) = (await document(desk, "/api/cycles"))["items"]
    path = f"/api/cycles/{cycle['cycle_id']}"
    before = await document(desk, path)
    assert Decimal(before["cost_usd"]) == 0
    calls = sorted({line["data"]["source"]["call_id"] for line in before["events"] if "source" in line["data"]})
    paid = {
        "cycle_id": cycle["cycle_id"],
        "desk_id": "main",
        "strategy_id": "agents",
        "agent": "DataAgent",
        "model": "m",
    }
    known = {"attempt": 1, "state": "settled", "reserved_usd": 1, "reserved_tokens": 9, "is_priced": True}
    taken = {"settled_usd": Decimal("0.0123"), "settled_tokens": 9, "at": datetime.now(UTC)}
    rows = [{**paid, **known, **taken, "call_id": call} for call in calls[:2]]
    async with desk.desk.books.engine.begin() as connection:
        await connection.execute(insert(model_spend), rows)
    after = await document(desk, path)
    assert {call for call, usd in after["costs"].items() if Decimal(usd)} == set(calls[:2])
    assert Decimal(after["cost_usd"]) == Decimal("0.0246")
