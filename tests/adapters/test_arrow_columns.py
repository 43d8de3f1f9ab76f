"""Columns between numpy and Arrow by their bytes: as Arrow itself would make them, and without pandas."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.arrow_columns import NAN, column_of, numbers_of, texts

ROOT = Path(__file__).parents[2]
pa.array([])  # it imports pandas, which no example should be timed with
WITHOUT = """
import sys
from pathlib import Path
from backtest.columns import run_columns
from backtest.data.loading import Wanted, load_panel
from backtest.results.exports import as_parquet
from backtest.results.frames import fills_table
from tests.backtest.columns.scenes import plan
panel = load_panel(Path("data/sample_daily.parquet"), Wanted())
assert as_parquet(fills_table(run_columns(panel, plan(panel))))
sys.exit("pandas" in sys.modules)
"""


@given(st.lists(st.text()))
def test_text_is_what_arrow_makes_of_it(words: list[str]) -> None:
    assert texts(words).equals(pa.array(words, pa.string()))


@given(st.lists(st.floats()))
def test_numbers_are_what_arrow_makes_of_them(numbers: list[float]) -> None:
    assert column_of(np.array(numbers, float)).equals(pa.array(np.array(numbers, float), from_pandas=True))


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_whole_numbers_are_what_arrow_makes_of_them(numbers: list[int]) -> None:
    assert column_of(np.array(numbers, np.int64)).equals(pa.array(numbers, pa.int64()))


@given(st.lists(st.none() | st.dates()))
def test_days_are_what_arrow_makes_of_them(days: list[object]) -> None:
    assert column_of(np.array(days, "datetime64[D]")).equals(pa.array(days, pa.date32()))


@given(st.lists(st.lists(st.floats(allow_nan=False))), st.integers(0, 3))
def test_numbers_come_back_from_chunks_and_slices(chunks: list[list[float]], cut: int) -> None:
    column = pa.chunked_array([pa.array(one, pa.float64()) for one in chunks], pa.float64())
    assert numbers_of(column.slice(cut)).tolist() == column.to_pylist()[cut:]


def test_days_come_back_as_numbers() -> None:
    assert numbers_of(pa.array([1, 20_000], pa.date32())).tolist() == [1, 20_000]


def test_what_is_not_known_is_no_number() -> None:
    assert np.isnan(NAN.as_py())
    with pytest.raises(ValueError, match="1 values are not known"):
        numbers_of(pa.array([1.0, None]))


def test_a_run_from_file_to_file_imports_no_pandas() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT], check=True, cwd=ROOT, timeout=60)
