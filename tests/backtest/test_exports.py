from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from threading import Thread

import numpy as np
import pyarrow.parquet as pq
import pytest

from backtest.measures.round_trips import trades_of
from backtest.results.exports import export, places
from backtest.results.result import Refusal, Result
from backtest.results.saved_runs import load_run
from backtest.results.written import alone_in, write_whole
from tests.backtest.made import CASH, FIRST_DAY, Did, card_of, made, metrics_of, wavy
from trading.errors import BadConfiguration

ROOT = Path(__file__).parents[2]
FORMULA = '=HYPERLINK("x"), said, it'


def refused() -> Result:
    refusal = Refusal(decided_on=FIRST_DAY, symbol="SA", shares=0.1, code="cash", reason=FORMULA)
    return replace(wavy(), refusals=(refusal,))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_digit_is_there(tmp_path: Path) -> None:
    result = refused()
    at = export(result, card_of(result), metrics_of(result), tmp_path / "run")
    equity = rows_of(at.equity_csv)
    assert [float(row["equity"]) for row in equity] == result.equity.tolist()
    assert [row["day"] for row in equity] == [str(day) for day in result.days]
    fills = rows_of(at.fills_csv)
    assert [float(row["price"]) for row in fills] == result.fills.price.tolist()
    signs = {"buy": 1, "sell": -1}
    assert [signs[row["side"]] * float(row["shares"]) for row in fills] == result.fills.shares.tolist()
    assert [float(row["pnl"]) for row in rows_of(at.trades_csv)] == trades_of(result).pnl.tolist()


def test_a_run_comes_back_as_it_was_written(tmp_path: Path) -> None:
    result = refused()
    card, metrics = card_of(result, trials=7), metrics_of(result)
    export(result, card, metrics, tmp_path)
    run = load_run(tmp_path)
    assert (run.card, run.metrics) == (card, metrics)
    assert run.equity.tolist() == result.equity.tolist()
    assert (run.days == result.days).all()
    trades = trades_of(result)
    assert np.array_equal(run.trades["pnl"], trades.pnl)
    assert np.array_equal(run.trades["sessions"], trades.sessions)
    assert list(run.fills["leg"]) == list(result.fills.leg)
    assert list(run.refusals["reason"]) == [FORMULA]


def test_what_is_not_known_is_empty_and_comes_back_as_not_known(tmp_path: Path) -> None:
    result = made([[10.0], [11.0]], [Did(0, 0, 10, 10.0)])
    at = export(result, card_of(result), metrics_of(result), tmp_path)
    assert [row["benchmark"] for row in rows_of(at.equity_csv)] == ["", ""]
    assert rows_of(at.trades_csv)[0]["exit_day"] == ""
    run = load_run(tmp_path)
    assert np.isnan(np.asarray(run.equity_table["benchmark"], np.float64)).all()
    assert np.isnat(np.asarray(run.trades["exit_day"], "datetime64[D]")).all()


def test_a_run_without_a_fill_is_a_run(tmp_path: Path) -> None:
    result = made([[10.0]])
    export(result, card_of(result), metrics_of(result), tmp_path)
    run = load_run(tmp_path)
    assert run.equity.tolist() == [CASH]
    assert len(run.fills["day"]) == len(run.trades["pnl"]) == len(run.refusals["code"]) == 0


def test_no_word_becomes_a_formula_of_a_spreadsheet(tmp_path: Path) -> None:
    at = export(refused(), card_of(refused()), metrics_of(refused()), tmp_path)
    assert rows_of(at.refusals_csv)[0]["reason"] == f"'{FORMULA}"
    assert pq.read_table(at.refusals_parquet)["reason"].to_pylist() == [FORMULA]


def test_the_same_run_is_the_same_files(tmp_path: Path) -> None:
    one, two = (export(wavy(), card_of(wavy()), metrics_of(wavy()), tmp_path / name) for name in ("one", "two"))
    for first, second in zip(one[1:], two[1:], strict=True):
        assert first.read_bytes() == second.read_bytes()


def test_a_folder_without_a_whole_run_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="no finished run is there"):
        load_run(tmp_path)
    at = export(wavy(), card_of(wavy()), metrics_of(wavy()), tmp_path)
    at.fills_parquet.write_bytes(b"half a fi")
    with pytest.raises(BadConfiguration, match="cannot be read"):
        load_run(tmp_path)


def test_what_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "equity.csv"
    write_whole(path, b"old")
    with pytest.raises(TypeError):
        write_whole(path, "no bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_two_runs_in_one_folder_write_one_after_the_other(tmp_path: Path) -> None:
    result = wavy()
    other = Thread(target=export, args=(result, card_of(result), metrics_of(result), tmp_path))
    with alone_in(tmp_path):
        other.start()
        other.join(0.5)
        assert list(tmp_path.iterdir()) == []
    other.join()
    assert load_run(tmp_path).card == card_of(result)


def test_a_kill_leaves_whole_files_or_none(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from tests.backtest.made import *; from backtest.results.exports import *\n"
        "result = wavy()\n"
        f"while True: export(result, card_of(result), metrics_of(result), Path({str(tmp_path)!r}))"
    )
    at = places(tmp_path)
    export(wavy(), card_of(wavy()), metrics_of(wavy()), tmp_path)
    whole = {path: path.read_bytes() for path in at[1:]}
    at.card_json.unlink()
    running = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    try:
        while not at.card_json.exists():
            assert running.poll() is None
            time.sleep(0.01)
    finally:
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
    assert all(path.read_bytes() == content for path, content in whole.items() if path.exists())
    assert all(path.exists() for path in whole if path != at.card_json)
