"""`report` and `performance`: what was closed, as tables and as one document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import ActivityEnvironment

from adapters.postgres.engine import Database
from console.output import Output
from console.report import performance, report
from settings import DatabaseSettings, DeskSettings, Settings
from tests.activities.closing import DESK, FRIDAY, a_desk, closing, market, reporting
from tests.console.terminal import Terminal
from trading.closing import CloseAsked, DayAsked
from trading.errors import BadConfiguration
from trading.weeks import ReportAsked, monday_of


@pytest.fixture
def settings(database: Database, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of a desk on the test's database; no Temporal server is asked for a report."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:9")
    named = {**database.model_dump(exclude={"password"}), "password": database.password}
    return Settings(desk=DeskSettings(id=DESK), database=DatabaseSettings.model_validate(named))


@pytest.fixture
async def reported(engine: AsyncEngine) -> None:
    """A desk whose first Friday is closed and whose week is reported."""
    await a_desk(engine)
    environment, activities = ActivityEnvironment(), closing(engine, market(FRIDAY))
    planned = await environment.run(activities.plan_closes, DayAsked(desk_id=DESK, trace_id="trace-1"))
    asked = CloseAsked(desk_id=DESK, trace_id="trace-1", due=planned.due[-1], made_up=())
    await environment.run(activities.close_session, asked)
    week = ReportAsked(desk_id=DESK, trace_id="trace-1", monday=monday_of(FRIDAY))
    await environment.run(reporting(engine, market(FRIDAY)).report_week, week)


@contextmanager
def refused(words: str) -> Iterator[None]:
    with pytest.raises(BadConfiguration, match=words) as said:
        yield
    assert "\n" not in str(said.value)


@pytest.mark.usefixtures("reported")
async def test_a_day_a_week_and_the_figures_are_shown(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    plain = Output(as_json=False)
    assert await report(settings, plain, None, None) == 0
    day = capsys.readouterr().out
    assert f"{DESK}: close of Friday {FRIDAY}" in day
    assert "100,099.00 USD" in day
    assert any(line.split()[:4] == ["AAPL", "100", "101.00", "10,100.00"] for line in day.splitlines())
    assert any(line.split()[:1] == ["agents"] for line in day.splitlines())
    assert "SPY +1.00%" in day
    assert await report(settings, plain, None, "2024-02-27") == 0
    assert "week from 2024-02-26 to 2024-03-01" in capsys.readouterr().out
    assert await performance(settings, plain) == 0
    figures = capsys.readouterr().out
    assert "+99.00" in figures
    assert "+0.10% since opening" in figures


@pytest.mark.usefixtures("reported")
async def test_a_program_gets_one_document(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    async def document(command: Any) -> Any:
        capsys.readouterr()
        assert await command == 0
        return json.loads(capsys.readouterr().out)

    output = Output(as_json=True)
    close = await document(report(settings, output, FRIDAY.isoformat(), None))
    assert (close["session_on"], close["equity"], close["pnl"]["opening"]) == (str(FRIDAY), "100099.00", "99.00")
    assert (await document(report(settings, output, None, FRIDAY.isoformat())))["monday"] == "2024-02-26"
    figures = await document(performance(settings, output))
    assert figures["performance"]["total_return"] == pytest.approx(0.00099)
    assert [one["strategy_id"] for one in figures["strategies"]] == ["agents"]


@pytest.mark.usefixtures("reported")
async def test_what_is_not_there_is_named(settings: Settings) -> None:
    output = Output(as_json=False)
    with refused("^2024-03-04 was not closed"):
        await report(settings, output, "2024-03-04", None)
    with refused("^the week from 2024-03-04 was not reported"):
        await report(settings, output, None, "2024-03-08")


async def test_a_desk_without_a_close_says_so(settings: Settings, engine: AsyncEngine) -> None:
    await a_desk(engine)
    for command in (report(settings, Output(as_json=True), None, None), performance(settings, Output(as_json=True))):
        with refused(f"^no session of {DESK} has been closed yet"):
            await command


def test_what_is_no_date_is_one_line(terminal: Terminal) -> None:
    said = terminal.type("report", "--day", "2017-02-30")
    assert (said.code, said.out, said.err) == (1, "", "starter: --day 2017-02-30: not a date such as 2017-11-10\n")
    both = terminal.type("report", "--day", "2017-11-10", "--week", "2017-11-10")
    assert (both.code, both.err) == (1, "starter: --day and --week are two reports: ask for one\n")
