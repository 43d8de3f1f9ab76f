"""A backtest from the command line: a document for a program, a page for a person, files, and one line of complaint."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import signal
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.backtests import PostgresRuns
from adapters.postgres.engine import Database
from backtest.cycles.run import Progress
from console.backtest_card import code_version, new_run_id
from console.backtest_row import keep
from console.backtest_run import bar
from console.output import Output
from settings import DatabaseSettings, Settings
from tests.backtest.files import bar as bar_of
from tests.backtest.files import sessions, write
from tests.console.terminal import ROOT, Terminal
from trading.backtesting import RunKind, RunRow, RunStatus

CROSSING = ("backtest", "--strategy", "sma_cross", "--set", "fast=5", "--set", "slow=20", "--symbols", "AAPL,KO")
FRICTIONS = ("--cash", "1000000", "--commission-bps", "5", "--slippage-bps", "0", "--fill", "next_open")


def rows(path: str) -> list[dict[str, str]]:
    with Path(path).open(newline="") as lines:
        return list(csv.DictReader(lines))


def without_names(document: dict[str, Any]) -> dict[str, Any]:
    """What two runs of one plan have in common."""
    card = {name: value for name, value in document["card"].items() if name != "run_id"}
    return {**document, "card": card, "run_id": "", "files": {}, "seconds": 0}


HEAVY = ("pandas", "talib", "numba", "sqlalchemy", "scipy", "matplotlib", "exchange_calendars")
LOADED = f"import sys, console.backtest; sys.exit(', '.join(name for name in {HEAVY} if name in sys.modules) or 0)"


@pytest.mark.faults
def test_the_command_begins_without_what_only_others_need() -> None:
    begun = subprocess.run([sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (begun.returncode, begun.stderr) == (0, "")


@pytest.mark.faults
def test_a_program_gets_every_digit_and_the_paths_of_the_files(terminal: Terminal) -> None:
    words = (*CROSSING, "--sizing", "fixed:1000", "--limits", "off", *FRICTIONS, "--json")
    said = terminal.type(*words, "--out", "mine")
    assert (said.code, said.err) == (0, "")
    document = said.document
    assert document["files"]["folder"] == str((terminal.folder / "mine").resolve())
    equity, fills = rows(document["files"]["equity_csv"]), rows(document["files"]["fills_csv"])
    assert float(equity[-1]["equity"]) == document["final_equity"] == document["metrics"]["final_equity_usd"]
    assert (len(equity), len(fills)) == (document["sessions"], document["fills"]) == (320, document["fills"])
    paid = sum(float(row["price"]) * float(row["shares"]) for row in fills)
    assert document["metrics"]["commission_usd"] == pytest.approx(paid * 0.0005)
    assert {row["shares"] for row in fills} == {"1000.0"}
    assert (document["card"]["engine"], document["kept"]) == ("columns", False)
    warm = terminal.type(*words, "--from", "2017-01-03", "--warm-up", "40", "--no-sheet").document["card"]
    assert (warm["warm_up"], document["card"]["warm_up"]) == (40, 0)
    assert document["card"]["rule_version"].startswith("sma_cross@")
    again = terminal.type(*words, "--no-sheet").document
    assert without_names(again) == without_names(document)
    assert again["run_id"] != document["run_id"]
    assert "tear_sheet" in document["files"]
    assert "tear_sheet" not in again["files"]
    assert again["files"]["folder"] == str((terminal.home / "backtests" / again["run_id"]).resolve())


@pytest.mark.faults
def test_a_person_gets_the_card_what_to_be_wary_of_and_where_the_rest_is(terminal: Terminal) -> None:
    said = terminal.type(*CROSSING, "--from", "2017-01-03", "--engine", "columns")
    assert (said.code, said.err) == (0, "")
    for words in (
        "strategy   sma_cross fast=5, slow=20",
        "symbols    2: AAPL, KO",
        "2017-01-03 to 2017-11-10, 218 sessions",
        "engine     columns, fills at next open",
        "costs      slippage 5 bps",
        "cold_start: 102 sessions before the first day are left out",
        "mean over deviation (n - 1) of daily returns, times the root of 252",
        "bought and kept: all symbols",
        "no row      in no list of runs: no desk is running",
        "tear_sheet.html",
    ):
        assert words in said.out
    assert "\x1b" not in said.out, "no bar and no colours where there is no terminal"
    narrow = terminal.but(COLUMNS="80").type(*CROSSING, "--from", "2017-01-03").out
    assert "…" not in narrow.partition("Trades")[2].partition("Refused")[0].partition("tear sheet")[0]


def test_on_a_terminal_a_bar_shows_how_far_the_cycles_are() -> None:
    output, screen = Output(as_json=False), io.StringIO()
    output.console = Console(file=screen, force_terminal=True, width=100)
    with bar(output) as tell:
        tell(Progress(done=7, total=20, equity=101_234.5))
    assert "7/20" in screen.getvalue()
    assert "equity 101,234 USD" in screen.getvalue()


@pytest.mark.faults
def test_a_class_of_ones_own_is_found_in_the_folder(terminal: Terminal) -> None:
    (terminal.folder / "mine.py").write_text(
        "from trading.rules import buy\n"
        "class Once:\n"
        "    def signals(self, view):\n"
        "        return [buy(s, 0.1, 'because') for s in sorted(view.watched) if s not in view.taken]\n"
    )
    said = terminal.type("backtest", "--strategy", "mine:Once", "--symbols", "KO", "--from", "2017-11-01", "--json")
    assert said.document["card"]["engine"] == "cycles"
    assert said.document["fills"] == 1


@pytest.mark.faults
def test_ctrl_c_ends_it_without_a_word_and_leaves_no_run(terminal: Terminal) -> None:
    (terminal.folder / "slow.py").write_text(
        "import pathlib, time\n"
        "class Slow:\n"
        "    def signals(self, view):\n"
        "        pathlib.Path('busy').touch()\n"
        "        time.sleep(0.1)\n"
        "        return []\n"
    )
    running = terminal.start("backtest", "--strategy", "slow:Slow", "--symbols", "KO", "--out", "gone")
    running.wait_until((terminal.folder / "busy").exists)
    assert running.end(signal.SIGINT) == 130
    assert running.said.read_text() == ""
    assert not (terminal.folder / "gone").exists()


def test_ctrl_c_before_anything_has_begun_is_no_traceback(terminal: Terminal) -> None:
    slow = terminal.folder / "slow"
    slow.mkdir()
    (slow / "typer.py").write_text("import pathlib, time\npathlib.Path('importing').touch()\ntime.sleep(60)\n")
    running = terminal.but(PYTHONPATH=str(slow)).start("backtest", "--strategy", "sma_cross")
    running.wait_until((terminal.folder / "importing").exists)
    assert running.end(signal.SIGINT) == 130
    assert running.said.read_text() == ""


@pytest.mark.faults
def test_what_makes_numbers_worth_little_is_on_the_card(terminal: Terminal) -> None:
    bars = [bar_of("KO", day) for day in sessions(40, date(2097, 1, 1))]
    write(terminal.folder / "bars" / "later.csv", bars)
    said = terminal.type("backtest", "--strategy", "sma_cross", "--data", "bars", "--json", "--no-sheet")
    codes = {one["code"]: one["reason"] for one in said.document["card"]["cautions"]}
    assert codes["future"].startswith("there are bars to 2097-02-25, and today is 20")
    assert codes["no_benchmark"].startswith("no bars of SPY")
    assert codes["nothing_filled"] == "the strategy never traded: it asked for nothing"


@pytest.mark.faults
def test_more_symbols_than_a_run_takes_are_counted(terminal: Terminal) -> None:
    days = sessions(2)
    write(terminal.folder / "bars" / "many.csv", [bar_of(f"S{n:04d}", day) for n in range(1001) for day in days])
    said = terminal.type("backtest", "--strategy", "sma_cross", "--data", "bars")
    assert (said.code, said.out) == (1, "")
    assert said.err == "starter: 1001 symbols are more than 1000: name fewer (--symbols, --universe)\n"


@pytest.mark.faults
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--strategy", "nosuch"), "starter: there is no rule nosuch: there are "),
        (("--strategy", "sma_cross", "--set", "speed=1"), "starter: sma_cross has no parameter speed"),
        (("--strategy", "agents", "--set", "a=1"), "starter: --set: the agents have no parameters (a)"),
        (("--strategy", "agents", "--engine", "columns"), "starter: --engine columns: the agents decide day by day"),
        (("--strategy", "sma_cross", "--mask"), "starter: --mask: of the agents, and sma_cross asks no model"),
        (("--strategy", "sma_cross", "--symbols", "AAPLE"), "starter: no bars of AAPLE (near: AAPL"),
        (("--strategy", "sma_cross", "--benchmark", "QQQ"), "starter: no bars of the benchmark QQQ"),
        (("--strategy", "sma_cross", "--from", "2020-01-02"), "starter: "),
        (("--strategy", "sma_cross", "--data", "nowhere"), "starter: there is no nowhere"),
        (("--strategy", "sma_cross", "--provider", "simulated"), "starter: --from: the market simulated is asked"),
        (("--strategy", "sma_cross", "--symbols", "KO", "--out", "desk.txt"), "starter: --out: "),
    ],
)
def test_what_cannot_be_is_one_line(terminal: Terminal, words: tuple[str, ...], sentence: str) -> None:
    (terminal.folder / "desk.txt").write_text("a file")
    said = terminal.type("backtest", *words)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(sentence)
    assert said.err.count("\n") == 1


@pytest.mark.faults
def test_what_is_no_option_is_one_line(terminal: Terminal) -> None:
    for words in (("--strategy", "sma_cross", "--fast", "1"), ()):
        said = terminal.type("backtest", *words)
        assert (said.code, said.err.count("\n")) == (2, 1)


def test_a_run_has_a_name_of_its_own_that_tells_what_and_when() -> None:
    at = datetime(2026, 7, 14, 15, 30, tzinfo=UTC)
    names = {new_run_id("my_strategies:Breakout2", at) for _ in range(50)}
    assert len(names) == 50
    assert all(re.fullmatch(r"20260714-1530-breakout2-[0-9a-f]{6}", name) for name in names)
    assert new_run_id("::", at).startswith("20260714-1530-run-")


def test_the_code_is_known_by_its_commit_else_by_its_version(tmp_path: Path) -> None:
    assert re.fullmatch(r"[0-9a-f]{12}(-changed)?|\d+\.\d+\.\d+", code_version())
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    assert code_version(tmp_path) == "0.1.0"
    assert code_version(tmp_path / "nowhere") == "unknown"


async def test_with_a_database_a_run_is_in_the_list(
    engine: AsyncEngine, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = database.model_dump(exclude={"password"}) | {"password": database.password}
    row = RunRow(
        run_id="20260714-1530-sma-cross-a1b2c3",
        kind=RunKind.BACKTEST,
        strategy="sma_cross",
        symbols=("KO",),
        from_on=datetime(2016, 1, 4, tzinfo=UTC).date(),
        to_on=datetime(2016, 12, 30, tzinfo=UTC).date(),
        status=RunStatus.COMPLETED,
        started_at=datetime(2026, 7, 14, 15, 30, tzinfo=UTC),
        finished_at=datetime(2026, 7, 14, 15, 31, tzinfo=UTC),
        metrics=json.loads('{"sharpe": 0.98}'),
    )
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    settings = Settings(database=DatabaseSettings(_env_file=None, **own))
    assert await keep(settings, row) is None
    assert await PostgresRuns(engine).listed(5) == [row]
    closed = settings.model_copy(update={"database": settings.database.model_copy(update={"port": 1})})
    assert "database" in (await keep(closed, row) or "")
