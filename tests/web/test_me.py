"""What a page asks for at its start: who it is taken for, which desk this is, and where each setting comes from."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.postgres.memory import PostgresMemory
from console.strategies import Said
from console.strategy_wish import made
from tests.trading.opinions import remembered
from tests.web.api import Api, token
from trading.access import Scope
from trading.challenges import challenger_of
from trading.features import FEATURES
from trading.memory_ports import EMBEDDING_SIZE
from trading.strategy import AGENTS, Strategy


async def document(desk: Api, path: str, **asked: Any) -> Any:
    answer = await desk.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_whoever_sits_here_may_do_everything_and_knows_which_desk_it_is(desk: Api) -> None:
    told = await document(desk, "/api/me")
    assert (told["name"], told["scopes"], told["has_token"]) == ("operator", ["read", "operate", "approve"], False)
    assert (told["desk_id"], told["has_books"], told["mode"], told["broker"]) == ("main", True, "paper", "paper")
    assert told["links"] == {"temporal": "http://127.0.0.1:1/namespaces/trading/workflows", "traces": None}
    assert told["code"]


async def test_a_token_is_told_whose_it_is_and_what_for(desk: Api) -> None:
    held = await token(desk.desk.books.engine, Scope.APPROVE, name="ann")
    try:
        told = await document(desk.holding(held), "/api/me")
        assert (told["name"], told["scopes"], told["has_token"]) == ("ann", ["approve"], True)
        assert (await desk.get("/api/me")).status_code == 401
    finally:
        for one in await desk.desk.tokens.listed():
            await desk.desk.tokens.revoke(one.token_id, one.created_at)


async def test_each_setting_says_what_it_is_and_where_it_comes_from(
    desk: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("WEB_PORT=1\nDESK_SYMBOLS='AAPL,MSFT'\nbroken\n")
    monkeypatch.setenv("DESK_ID", "main")
    lines = {line["variable"]: line for line in (await document(desk, "/api/settings"))["items"]}
    assert all(line["description"] and line["group"] for line in lines.values())
    assert {name: lines[name]["source"] for name in ("DESK_ID", "DESK_SYMBOLS", "DESK_BENCHMARK")} == {
        "DESK_ID": "environment",
        "DESK_SYMBOLS": ".env",
        "DESK_BENCHMARK": "default",
    }
    assert lines["MARKET_DATA_DIR"]["source"] == "given"
    assert lines["DESK_ID"]["group"] == "The desk and what it runs on"


async def test_schedules_and_spend_are_enough_for_a_picture(desk: Api) -> None:
    assert {"name", "next_at", "last", "is_paused"} <= set((await document(desk, "/api/schedules"))["items"][0])
    spent = await document(desk, "/api/spend", by="day", days=30)
    assert spent["by"] == "day"
    assert sum(Decimal(line["usd"]) for line in spent["lines"]) == Decimal(spent["total"]["usd"])


async def test_memories_are_told_by_their_fate(desk: Api) -> None:
    one = remembered("120", desk_id="main", strategy_id=AGENTS, cycle_id="main-1")
    one = one.model_copy(update={"features": (0.0,) * len(FEATURES)})
    before = await document(desk, "/api/memory")
    pending = (await document(desk, "/api/memory", pending="true", limit=500))["items"]
    assert all(line["outcome"] is None for line in pending)
    await PostgresMemory(desk.desk.books.engine).remember([one], [(0.0,) * EMBEDDING_SIZE], "none")
    (line,) = [each for each in (await document(desk, "/api/memory"))["items"] if each not in before["items"]]
    assert (line["setup"]["cycle_id"], Decimal(line["outcome"]["pnl"])) == ("main-1", Decimal(120))


async def test_a_challenger_is_held_against_its_champion(desk: Api) -> None:
    assert (await document(desk, "/api/challenges"))["items"] == []
    known = await desk.desk.strategies()
    challenger = made(Strategy, challenger_of(known.named(AGENTS), "bolder").model_dump(), "bolder")
    await known.written([known.changed(challenger, Said("ann", "a test", "t-1"), is_new=True)])
    (line,) = (await document(desk, "/api/challenges"))["items"]
    assert (line["champion"]["strategy_id"], line["challenger"]["strategy_id"]) == (AGENTS, "bolder")
    assert line["missing"]
