"""What a frame and a link may open: one run's files, for minutes, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.postgres.backtests import PostgresRuns
from backtest.results.exports import export
from tests.backtest.made import card_of, metrics_of, wavy
from tests.web.api import Api, token
from trading.access import Scope
from trading.backtesting import RunKind, RunRow, RunStatus
from web.tickets import SECONDS, Tickets

FILES = "/api/backtests/{}/files/"


@pytest.fixture(scope="module", autouse=True)
async def kept(desk: Api, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs with their files."""
    runs, root = PostgresRuns(desk.desk.books.engine), tmp_path_factory.mktemp("runs")
    for name in ("one", "other"):
        result = wavy(30)
        card = card_of(result, run_id=name)
        export(result, card, metrics_of(result), root / name, sheet=True)
        row = RunRow(
            run_id=name,
            kind=RunKind.BACKTEST,
            strategy=card.plan.strategy,
            symbols=card.plan.symbols,
            from_on=card.plan.from_on,
            to_on=card.plan.to_on,
            status=RunStatus.COMPLETED,
            finished_at=datetime(2100, 1, 1, tzinfo=UTC),
            folder=str(root / name),
        )
        await runs.begin(row)
    return root


async def test_a_ticket_opens_one_runs_files_where_else_a_token_is_needed(desk: Api) -> None:
    reader = desk.holding(await token(desk.desk.books.engine, Scope.READ))
    told = (await reader.get("/api/backtests/one/ticket")).json()
    assert (told["path"], told["seconds"]) == (FILES.format("one"), SECONDS)
    nobody, with_it = desk.but(), {"ticket": told["ticket"]}
    assert (await nobody.get(f"{told['path']}tear_sheet.html")).status_code == 401
    sheet = await nobody.get(f"{told['path']}tear_sheet.html", params=with_it)
    assert (sheet.status_code, sheet.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert sheet.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    for path in (
        f"{FILES.format('other')}tear_sheet.html",
        "/api/backtests/one/files",
        "/api/backtests/one/ticket",
        "/api/backtests/one",
        "/api/portfolio",
        "/api/live",
    ):
        assert (await nobody.get(path, params=with_it)).status_code == 401, path
    assert (await nobody.get("/api/backtests/one/ticket")).status_code == 401
    strange = desk.but(Host="evil.example")
    assert (await strange.get(f"{told['path']}tear_sheet.html", params=with_it)).status_code == 421
    for one in await desk.desk.tokens.listed():
        await desk.desk.tokens.revoke(one.token_id, one.created_at)


async def test_nobody_gets_one_of_a_run_that_is_not_there(desk: Api) -> None:
    assert (await desk.get("/api/backtests/none/ticket")).status_code == 404


@pytest.mark.parametrize(
    "said",
    ["", "-", "9999999999-", "9999999999-" + "0" * 64, "9" * 40 + "-0", "²-0", "1e9-0", "9999999999-é", "nan"],
)
def test_what_nobody_made_is_no_ticket(said: str) -> None:
    assert not Tickets().opens(FILES.format("one") + "x.csv", said)


def test_a_ticket_ends_is_of_one_folder_and_of_one_process() -> None:
    tickets = Tickets()
    folder = FILES.format("one")
    made = tickets.made(folder, now=1000.0).ticket
    ends, _, seal = made.partition("-")
    assert tickets.opens(f"{folder}x.csv", made, now=1000.0 + SECONDS - 1)
    assert not tickets.opens(f"{folder}x.csv", made, now=1000.0 + SECONDS)
    assert not tickets.opens(f"{folder}x.csv", f"{int(ends) + 1}-{seal}", now=1000.0)
    assert not tickets.opens(f"{folder}deeper/x.csv", made, now=1000.0)
    assert not tickets.opens(f"{FILES.format('other')}x.csv", made, now=1000.0)
    assert not Tickets().opens(f"{folder}x.csv", made, now=1000.0)
