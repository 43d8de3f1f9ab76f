"""Runs of the past and the agents' scores, as a page draws them: curves that are thinned, and never a made-up point."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.postgres.backtests import PostgresRuns
from adapters.postgres.memory import PostgresMemory
from backtest.results.exports import export, places
from tests.backtest.made import card_of, metrics_of, wavy
from tests.trading.opinions import remembered, voice
from tests.web.api import Api
from trading.agents.questions import Agent
from trading.backtesting import RunKind, RunRow, RunStatus
from trading.features import FEATURES
from trading.memory_ports import EMBEDDING_SIZE

KINDS = {"long": RunKind.BACKTEST, "short": RunKind.BACKTEST, "swept": RunKind.SWEEP, "theirs": RunKind.BACKTEST}


@pytest.fixture(scope="module", autouse=True)
async def kept(desk: Api, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two backtests, of 300 and 100 sessions, and a study; and a backtest of another desk."""
    runs, root = PostgresRuns(desk.desk.books.engine), tmp_path_factory.mktemp("runs")
    for name, count in (("long", 300), ("short", 100), ("swept", 100), ("theirs", 100)):
        result = wavy(count)
        card = card_of(result, run_id=name)
        metrics = metrics_of(result)
        export(result, card, metrics, root / name, sheet=False)
        row = {
            "run_id": name,
            "desk_id": "other" if name == "theirs" else "main",
            "kind": KINDS[name],
            "strategy": card.plan.strategy,
            "symbols": card.plan.symbols,
            "from_on": card.plan.from_on,
            "to_on": card.plan.to_on,
            "status": RunStatus.COMPLETED,
            "finished_at": datetime(2100, 1, 1, tzinfo=UTC),
            "folder": str(root / name),
            "asked": {"plan": card.plan.model_dump(mode="json")},
            "metrics": metrics.model_dump(mode="json") if KINDS[name] is RunKind.BACKTEST else {},
        }
        await runs.begin(RunRow.model_validate(row))
    return root


async def document(desk: Api, path: str, **asked: Any) -> Any:
    answer = await desk.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_runs_curve_is_what_it_wrote_and_thinned_without_its_ends(desk: Api) -> None:
    whole = await document(desk, "/api/backtests/long/equity")
    assert [len(whole[name]) for name in ("days", "equity", "drawdown", "exposure", "benchmark")] == [300] * 5
    assert whole["equity"] == [float(value) for value in wavy(300).equity]
    assert all(0 <= value <= 1 for value in whole["drawdown"])
    few = await document(desk, "/api/backtests/long/equity", most=7)
    assert (len(few["days"]), few["sessions"]) == (7, 300)
    assert (few["days"][0], few["equity"][-1]) == (whole["days"][0], whole["equity"][-1])
    assert set(few["equity"]) <= set(whole["equity"])


async def test_runs_stand_beside_each_other_from_a_hundred_on_and_null_where_they_are_not(desk: Api) -> None:
    told = await document(desk, "/api/backtests/compare", id=["long", "short", "swept"])
    assert told["runs"] == ["long", "short", "swept"]
    assert told["equity"]["long"][0] == told["equity"]["short"][0] == 100
    assert set(told["equity"]["short"][100:]) == {None}
    assert told["equity"]["swept"] is None
    assert told["why"] == {"swept": "run swept: only single backtests have a curve"}
    assert told["differences"]["kind"] == ["backtest", "backtest", "sweep"]
    assert told["metrics"]["total_return"][2] is None


async def test_a_run_whose_files_are_gone_is_told_without_a_path(desk: Api, kept: Path) -> None:
    card = places(kept / "short").card_json
    moved = card.rename(card.with_name("elsewhere"))
    try:
        answer = await desk.get("/api/backtests/short/equity")
        assert (answer.status_code, str(kept) in answer.text) == (409, False)
        told = await document(desk, "/api/backtests/compare", id=["long", "short"])
        assert told["why"] == {"short": "run short: its files are not on this machine, or were changed"}
    finally:
        moved.rename(card)


@pytest.mark.parametrize(
    ("asked", "status"),
    [({"id": ["long"]}, 422), ({"id": ["long", "long"]}, 422), ({"id": ["long", "none"]}, 404), ({}, 422)],
)
async def test_one_run_is_beside_nothing(desk: Api, asked: dict[str, Any], status: int) -> None:
    assert (await desk.get("/api/backtests/compare", params=asked)).status_code == status


@pytest.mark.parametrize(
    "path", ["theirs", "theirs/equity", "theirs/files", "theirs/files/card.json", "compare?id=long&id=theirs"]
)
async def test_a_run_of_another_desk_is_not_there(desk: Api, path: str) -> None:
    assert (await desk.get(f"/api/backtests/{path}")).status_code == 404
    mine = {line["run_id"] for line in (await document(desk, "/api/backtests"))["items"]}
    assert mine == {"long", "short", "swept"}


async def test_agents_are_scored_by_what_has_resolved_and_their_stages_beside_them(desk: Api) -> None:
    before = await document(desk, "/api/scoreboard")
    assert (before["resolved"], before["scores"]) == (0, [])
    said = voice(Agent.RISK, 0.6, call="r-1"), voice(Agent.VALIDATOR, 0.7, call="v-1")
    one = remembered("120", *said, desk_id="main", strategy_id="agents", cycle_id="main-1")
    one = one.model_copy(update={"features": (0.0,) * len(FEATURES)})
    await PostgresMemory(desk.desk.books.engine).remember([one], [(0.0,) * EMBEDDING_SIZE], "none")
    after = await document(desk, "/api/scoreboard", strategy="agents")
    assert (after["resolved"], after["pending"]) == (1, before["pending"])
    assert {line["agent"]: line["hit_rate"] for line in after["scores"]} == {"RiskManager": 1.0, "Validator": 1.0}
    assert {line["stage"] for line in after["stages"]} == {"RiskManager", "Validator", "MetaAgent", "Debate"}
    assert (await document(desk, "/api/scoreboard", strategy="others"))["resolved"] == 0
    backwards = {"since": "2026-11-24", "until": "2026-11-20"}
    assert (await desk.get("/api/scoreboard", params=backwards)).status_code == 409
