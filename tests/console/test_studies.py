"""Sweeps, walk-forward and Monte Carlo as they are typed, beside a desk and without one."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from tests.console.terminal import ROOT, WORKER, Terminal

PLAN = ("--strategy", "sma_cross", "--symbols", "AAPL,IBM,MSFT", "--sizing", "equity:0.3", "--limits", "off")
GRID = ("--grid", "fast=5..50:5", "--grid", "slow=20,40,60")
SLOW = ("--engine", "cycles", "--grid", "fast=2..30", "--grid", "slow=40..60:2")


@pytest.mark.faults
def test_a_sweep_without_a_desk_runs_here_and_says_what_its_best_is_worth(terminal: Terminal) -> None:
    said = terminal.type("sweep", *PLAN, *GRID, "--holdout", "25%", "--json")
    assert (said.code, said.err) == (0, "")
    found = said.document
    assert (found["where"], found["kept"], found["total"], found["done"]) == ("local", False, 30, 30)
    assert found["honesty"]["trials"] == found["done"] - found["failed"]
    assert found["folds"][0]["chosen"]["parameters"] == found["best"][0]["parameters"]
    shown = terminal.type("sweep", *PLAN, *GRID).out
    for words in ("trials", "30 of 30", "deflated Sharpe", "overfitting", "nothing was held back", "failed: sma_cross"):
        assert words in shown


@pytest.mark.faults
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--grid", "fast=5..x"), "'fast=5..x': 'x' is no number: write it as fast=5..50:5 or slow=20,50,100"),
        (("--grid", "fst=5"), "sma_cross has no parameter fst"),
        ((), "the grid: there is nothing to combine"),
        ((*GRID, "--metric", "luck"), "--metric: luck is none of sharpe, sortino"),
        ((*GRID, "--holdout", "2"), "--holdout: 2 is no part of one"),
        ((*GRID, "--provider", "simulated"), "--provider: a study reads files"),
        ((*GRID, "--detach"), "no desk is running on"),
        ((*GRID, "--detach", "--local"), "--local runs in this process, which --detach would end"),
    ],
)
def test_what_cannot_be_swept_is_told_in_a_line(terminal: Terminal, words: tuple[str, ...], told: str) -> None:
    said = terminal.type("sweep", *PLAN, *words)
    assert said.code == 1
    assert told in said.err
    assert said.err.count("\n") == 1


@pytest.mark.faults
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--train", "5000"), "5000 to choose in leave none to judge by"),
        (("--train", "120", "--test", "5000"), "to judge by, and not 5000"),
    ],
)
def test_a_walk_that_is_longer_than_the_data_is_refused_by_its_option(
    terminal: Terminal, words: tuple[str, ...], told: str
) -> None:
    said = terminal.type("walk-forward", *PLAN, *GRID, *words)
    assert (said.code, said.err.count("\n"), told in said.err) == (1, 1, True)
    assert f"{words[-2]}: of " in said.err


@pytest.mark.faults
def test_studies_on_the_desk_s_servers_are_kept_listed_shown_and_compared(desk: Terminal) -> None:
    swept = desk.type("sweep", *PLAN, *GRID, "--name", "first", "--json")
    assert (swept.code, swept.document["where"], swept.document["kept"]) == (0, "temporal", True)
    walked = desk.type("walk-forward", *PLAN, *GRID, "--train", "120", "--test", "60", "--json").document
    assert walked["status"] == "completed"
    assert walked["out_of_sample"]["sharpe"] is not None
    first = swept.document["run_id"]
    drawn = desk.type("monte-carlo", first, "--trials", "50", "--json").document
    assert (drawn["done"], drawn["best"][0]["parameters"]) == (50, swept.document["best"][0]["parameters"])
    listed = desk.type("backtests", "list", "--json").document
    assert [(row["kind"], row["status"]) for row in listed] == [
        ("monte_carlo", "completed"),
        ("walk_forward", "completed"),
        ("sweep", "completed"),
    ]
    assert listed[2]["name"] == "first"
    kept = desk.type("backtests", "show", first, "--trials", "3", "--json").document
    assert kept["best"] == swept.document["best"][:3]
    assert "What that is worth" in desk.type("backtests", "show", first).out
    beside = desk.type("backtests", "compare", first, walked["run_id"], "--json").document
    assert beside["differences"]["kind"] == ["sweep", "walk_forward"]
    assert beside["trials"] == [30, walked["total"]]
    told = [line.split() for line in desk.type("backtests", "compare", first, walked["run_id"]).out.splitlines()]
    assert ["kind", "sweep", "walk_forward"] in told
    assert first in desk.type("backtests", "list").out
    assert desk.type("backtests", "progress", first, "--json").document["done"] == 30
    again = desk.type("backtests", "cancel", first)
    assert (again.code, "is completed already" in again.err) == (1, True)
    assert "there is no run nonsense" in desk.type("backtests", "show", "nonsense").err


@pytest.mark.faults
def test_a_study_that_is_interrupted_keeps_what_is_done(desk: Terminal) -> None:
    running = desk.start("sweep", *PLAN, *SLOW, "--name", "stopped")
    running.wait_for("run ")
    run_id = running.said.read_text().partition("run ")[2].split()[0]
    running.wait_until(lambda: int(desk.type("backtests", "progress", run_id, "--json").document["done"]) > 0)
    assert running.end(signal.SIGINT) == 130
    row = desk.type("backtests", "show", run_id, "--json").document
    assert row["status"] == "cancelled"
    assert 0 < row["metrics"]["done"] < row["metrics"]["total"]


@pytest.mark.faults
def test_a_detached_study_is_run_by_the_workers_of_its_queue(desk: Terminal) -> None:
    refused = desk.type("sweep", *PLAN, *GRID, "--detach")
    assert (refused.code, "start `worker.py --queues backtests`" in refused.err) == (1, True)
    health = Path(desk.folder) / "serving"
    worker = desk.start("--queues", "backtests", "--health-file", str(health), program=WORKER)
    worker.wait_until(health.exists)
    asked = desk.type("sweep", *PLAN, *SLOW, "--detach", "--json").document
    worker.wait_until(lambda: desk.type("backtests", "progress", asked["run_id"], "--json").document["done"] > 0)
    assert desk.type("backtests", "cancel", asked["run_id"], "--json").document["cancelled"] is True
    worker.wait_until(lambda: _status(desk, asked["run_id"]) == "cancelled")
    assert worker.end(signal.SIGTERM) == 0


FORCE = f"""
import asyncio, sys
sys.path.insert(0, {str(ROOT)!r})
import settings
from adapters.temporal.connection import connect
from adapters.temporal.ending import leave
from console.reach import reach

async def terminate(run_id):
    client = await connect(reach(settings.load()).temporal_address)
    await client.get_workflow_handle(f"backtest/{{run_id}}").terminate("planned")

asyncio.run(terminate(sys.argv[1]))
leave(0)
"""


@pytest.mark.faults
def test_a_study_that_was_ended_by_force_says_so_and_is_summed_up_by_cancelling(desk: Terminal) -> None:
    health = Path(desk.folder) / "serving"
    worker = desk.start("--queues", "backtests", "--health-file", str(health), program=WORKER)
    worker.wait_until(health.exists)
    run_id = desk.type("sweep", *PLAN, *SLOW, "--detach", "--json").document["run_id"]
    worker.wait_until(lambda: desk.type("backtests", "progress", run_id, "--json").document["done"] > 0)
    assert desk.type(FORCE, run_id, program=(sys.executable, "-c")).code == 0
    found = desk.type("backtests", "progress", run_id, "--json").document
    assert (found["status"], found["lost"], found["workflow"]) == ("running", True, None)
    (listed,) = (one for one in desk.type("backtests", "list", "--json").document if one["run_id"] == run_id)
    assert listed["workflow"] == "terminated"
    assert "ended by force" in desk.type("backtests", "cancel", run_id).out
    found = desk.type("backtests", "progress", run_id, "--json").document
    assert (found["status"], found["lost"]) == ("cancelled", False)
    assert 0 < found["done"] < found["total"]
    assert worker.end(signal.SIGTERM) == 0


def _status(desk: Terminal, run_id: str) -> str:
    return str(desk.type("backtests", "progress", run_id, "--json").document["status"])
