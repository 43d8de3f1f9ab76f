"""Runs as they are listed and compared: a study whose workflow was ended by force is not called running."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from adapters.postgres.backtests import PostgresRuns
from adapters.postgres.engine import Database
from backtest.results.exports import export
from console.backtests import compare, listing, show
from console.output import Output
from console.study_watch import workflow_id
from settings import DatabaseSettings, Settings
from tests.backtest.made import card_of, metrics_of, wavy
from tests.rig import until
from tests.studies import plan
from trading.backtest_plan import Plan
from trading.backtesting import RunKind, RunRow, RunStatus
from trading.errors import BadConfiguration
from workflows.backtest import Backtest

ENDED = {"status": RunStatus.COMPLETED, "finished_at": datetime.now(UTC) + timedelta(days=1)}


@pytest.fixture
def settings(database: Database, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Of a desk whose Temporal does not answer."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    own = database.model_dump(exclude={"password"}) | {"password": database.password}
    return Settings(database=DatabaseSettings(_env_file=None, **own))


def row_of(run_id: str, plan: Plan, **changes: Any) -> RunRow:
    fields: dict[str, Any] = {
        "run_id": run_id,
        "kind": RunKind.SWEEP,
        "strategy": plan.strategy,
        "symbols": plan.symbols,
    }
    fields |= {"from_on": plan.from_on, "to_on": plan.to_on, "status": RunStatus.RUNNING}
    return RunRow.model_validate({**fields, **changes})


@pytest.fixture
async def studies(temporal: WorkflowEnvironment, engine: AsyncEngine, sample_data: Path) -> AsyncIterator[Client]:
    """Four studies whose rows say that they run, of which one does, and one that has ended."""
    client, runs = temporal.client, PostgresRuns(engine)
    handles = {}
    for name, life in (("still", None), ("killed", None), ("late", timedelta(milliseconds=1))):
        handles[name] = await client.start_workflow(
            Backtest.run, id=workflow_id(name), task_queue="nobody-serves-it", execution_timeout=life
        )
    await handles["killed"].terminate("by force")

    async def is_over() -> bool:
        return (await handles["late"].describe()).status is WorkflowExecutionStatus.TIMED_OUT

    await until(is_over)
    for name in (*handles, "forgotten"):
        await runs.begin(row_of(name, plan(sample_data)))
    await runs.begin(row_of("whole", plan(sample_data), **ENDED))
    yield client
    await handles["still"].terminate()


async def test_a_study_that_was_ended_by_force_is_listed_with_its_true_end(
    studies: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", studies.service_client.config.target_host)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", studies.namespace)

    async def listed() -> dict[str, str | None]:
        assert await listing(settings, Output(as_json=True), 20) == 0
        return {row["run_id"]: row["workflow"] for row in json.loads(capsys.readouterr().out)}

    assert await listed() == {
        "still": "running",
        "killed": "terminated",
        "late": "timed out",
        "forgotten": "gone",
        "whole": None,
    }
    await listing(settings, Output(as_json=False), 20)
    shown = capsys.readouterr().out
    said = {line.split()[0]: line.split()[3] for line in shown.splitlines() if " sweep " in line}
    assert said == {
        "still": "running",
        "killed": "terminated",
        "late": "timed",
        "forgotten": "gone",
        "whole": "completed",
    }
    assert "ended by force; `starter.py backtests cancel` sums up what was done" in shown
    await show(settings, Output(as_json=False), "killed", 0)
    assert "terminated" in capsys.readouterr().out
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    assert set((await listed()).values()) == {"not known to have ended", None}


async def test_runs_stand_beside_each_other_on_a_page_where_one_is_asked_for(
    engine: AsyncEngine, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = PostgresRuns(engine)
    for name, count in (("one", 300), ("two", 100)):
        result = wavy(count)
        card = card_of(result, run_id=name)
        export(result, card, metrics_of(result), tmp_path / name, sheet=False)
        kept = {"kind": RunKind.BACKTEST, "folder": str(tmp_path / name), **ENDED}
        await runs.begin(row_of(name, card.plan, **kept))
    await runs.begin(row_of("swept", card.plan, **ENDED))
    page = tmp_path / "pages" / "both.html"
    assert await compare(settings, Output(as_json=True), ("one", "two"), str(page)) == 0
    assert json.loads(capsys.readouterr().out)["html"] == str(page)
    written = page.read_text()
    assert written.startswith("<!doctype html>")
    assert all(f'<th scope="col" class="number">{name}' in written or name in written for name in ("one", "two"))
    await compare(settings, Output(as_json=False), ("one", "two"), str(page))
    assert f"page: {page}" in capsys.readouterr().out
    with pytest.raises(BadConfiguration, match="--html: run swept is a sweep, and only single backtests have a curve"):
        await compare(settings, Output(as_json=False), ("one", "swept"), str(page))
    with pytest.raises(BadConfiguration, match=f"--html: {tmp_path} cannot be written: Is a directory"):
        await compare(settings, Output(as_json=False), ("one", "two"), str(tmp_path))
