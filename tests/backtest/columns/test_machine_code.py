"""The kernel as machine code: read without the compiler, and not called with what it could not stand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from backtest.columns import kernel
from backtest.columns.compiled import cross, play

ROOT = Path(__file__).parents[3]
DAYS, SYMBOLS = 3, 2
READ = "import sys, backtest.columns.compiled; sys.exit('numba' in sys.modules)"


def tape() -> kernel.Tape:
    """Two symbols whose closes are 1, 2, 3: nothing crosses."""
    sums = np.array([[0, 1, 3, 6]] * SYMBOLS)
    days = np.array([[0, 1, 2]] * SYMBOLS)
    return kernel.Tape(sums, days, np.full(SYMBOLS, DAYS))


def marks() -> kernel.Marks:
    return np.zeros((DAYS, SYMBOLS), np.int8)


def events() -> kernel.Events:
    return kernel.Events(*(np.zeros(DAYS * SYMBOLS, np.int64) for _ in "123"))


def test_what_was_compiled_once_is_read_without_the_compiler() -> None:
    assert cross(tape(), 1, 2, marks(), events()) == 0
    subprocess.run([sys.executable, "-c", READ], check=True, cwd=ROOT, timeout=60)


@pytest.mark.faults
def test_where_no_folder_can_be_written_to_each_process_compiles(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    nowhere = str(tmp_path / "file" / "folder")  # a folder in a file: not even root can make it
    env = os.environ | {"PYTHONPYCACHEPREFIX": nowhere, "HOME": nowhere}
    asked = subprocess.run([sys.executable, "-c", READ], check=False, cwd=ROOT, timeout=120, env=env)
    assert asked.returncode == 1


@pytest.mark.faults
def test_it_is_kept_in_ones_own_folder_where_there_is_no_other(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    env = os.environ | {"PYTHONPYCACHEPREFIX": str(tmp_path / "file" / "folder"), "HOME": str(tmp_path)}
    codes = [
        subprocess.run([sys.executable, "-c", READ], check=False, cwd=ROOT, timeout=120, env=env).returncode
        for _ in range(2)
    ]
    assert codes == [1, 0]
    assert len(list((tmp_path / ".cache" / "backtest-columns").iterdir())) == 1


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((DAYS, SYMBOLS), np.int64),
        np.zeros(DAYS * SYMBOLS, np.int8),
        np.zeros((SYMBOLS, DAYS), np.int8).T,
        np.frombuffer(bytes(DAYS * SYMBOLS), np.int8).reshape(DAYS, SYMBOLS),
        None,
    ],
    ids=["another type", "flat", "in columns", "nobody may write to it", "no array"],
)
def test_an_array_that_it_would_misread_is_refused(bad: kernel.Marks) -> None:
    with pytest.raises(TypeError, match="array"):
        cross(tape(), 1, 2, bad, events())


def test_too_few_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        play(*([()] * 4))  # type: ignore[arg-type]
