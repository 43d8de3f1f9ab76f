"""Compiled or in plain Python, alone or in a sweep, with any future: the same run. And the run that the rules say."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.columns import run_columns, sweep_columns
from backtest.results.result import Refusal, Result
from tests.backtest.columns.oracle import replay
from tests.backtest.columns.scenes import ROOT, altered, cut, plans, ragged


def fills(result: Result, until: int | None = None) -> list[tuple[Any, ...]]:
    columns = (getattr(result.fills, name).tolist() for name in ("day", "symbol", "shares", "price", "commission"))
    return [one for one in zip(*columns, result.fills.leg, strict=True) if until is None or one[0] <= until]


@pytest.mark.faults
@settings(deadline=None)
@given(data=st.data(), over=ragged())
def test_both_paths_fill_refuse_and_value_alike(data: st.DataObject, over: Any) -> None:
    asked = data.draw(plans(over))
    quick, plain = (run_columns(over, asked, compiled=compiled) for compiled in (True, False))
    assert fills(quick) == fills(plain)
    assert quick.refusals == plain.refusals
    for name in ("equity", "cash", "gross", "positions"):
        assert np.array_equal(getattr(quick, name), getattr(plain, name)), name
    assert quick.interest == plain.interest


@pytest.mark.faults
@settings(max_examples=200, deadline=None)
@given(data=st.data(), over=ragged())
def test_a_run_is_what_the_rules_say(data: st.DataObject, over: Any) -> None:
    asked = data.draw(plans(over).filter(lambda one: one.strategy == "sma_cross"))
    ran, said = run_columns(over, asked), replay(over, asked)
    assert [(day, symbol, shares) for day, symbol, shares, *_ in fills(ran)] == said.fills
    assert np.allclose(ran.equity, said.equity, rtol=1e-12, atol=0)
    assert sum(one.code == "exceeds_cash" for one in ran.refusals) == said.cancelled


@pytest.mark.faults
@settings(deadline=None)
@given(data=st.data(), over=ragged())
def test_a_sweep_is_its_runs(data: st.DataObject, over: Any) -> None:
    asked = data.draw(plans(over))
    others = [{}, {"parts": 2}, {"parts": 0}]
    for compiled in (True, False):
        table = sweep_columns(over, asked, others, compiled=compiled)
        for row, parameters in enumerate(others[:2]):
            ran = run_columns(over, asked.model_copy(update={"parameters": {**asked.parameters, **parameters}}))
            assert np.array_equal(table.equity[row], ran.equity)
            assert table.fills[row] == len(ran.fills)
        assert table.errors[:2] == (None, None)
        assert "parts" in str(table.errors[2])
        assert np.isnan(table.equity[2]).all()


@settings(deadline=None)
@given(data=st.data(), over=ragged(), factor=st.sampled_from([0.5, 1.37, 3.0]))
def test_no_future_changes_what_came_before_it(data: st.DataObject, over: Any, factor: float) -> None:
    asked = data.draw(plans(over))
    first = int(np.searchsorted(over.days, np.datetime64(asked.from_on)))
    last = data.draw(st.integers(first, len(over.days) - 1))
    whole = run_columns(over, asked)
    for other in (altered(over, last, factor), cut(over, last + 1)):
        found = run_columns(other, asked)
        days = last + 1 - first
        assert fills(found, days - 1) == fills(whole, days - 1)
        assert np.array_equal(found.equity[:days], whole.equity[:days])
        assert decided(found, over.days[last].item()) == decided(whole, over.days[last].item())


def decided(result: Result, until: date) -> list[Refusal]:
    """What was refused as it was decided; what happened to an order later is a later day's."""
    early = (one for one in result.refusals if one.decided_on <= until)
    return [one for one in early if one.code not in {"exceeds_cash", "no_bar"}]


def test_nothing_imports_the_compiler_before_it_pays() -> None:
    code = """
import sys
from tests.backtest.columns.scenes import panel, plan
from backtest.columns import can_run, run_columns, sweep_columns
over = panel({"A": [10.0] * 9})
assert can_run(plan(over)) is None
run_columns(over, plan(over))
sweep_columns(over, plan(over), [{"fast": 2, "slow": 3}])
assert "llvmlite" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=60)
