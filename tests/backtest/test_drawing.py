from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.tear_sheet.axes import axis_of, date_ticks
from backtest.tear_sheet.drawing import Frame, line
from backtest.tear_sheet.figures import compact, dollars, percent
from tests.backtest.made import days_of

_VALUES = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=50).map(lambda values: np.round(values, 6))


@settings(deadline=None)
@given(_VALUES, st.booleans(), st.integers(3, 9))
def test_all_values_lie_on_the_axis_and_its_ticks_can_be_told_apart(values: Any, log: bool, most: int) -> None:  # noqa: FBT001
    axis = axis_of([values], log=log)
    placed = axis.place(values)
    assert ((placed >= -1e-9) & (placed <= 1 + 1e-9)).all()
    ticks, step = axis.ticks(most)
    assert len(ticks) <= most + 2
    assert ticks == sorted(ticks)
    if not axis.log:
        words = [compact(tick, step, like=max(map(abs, ticks), default=0)) for tick in ticks]
        assert len(set(words)) == len(words)


@given(st.integers(1, 20_000))
def test_dates_are_few_and_within(count: int) -> None:
    told = date_ticks(days_of(count))
    assert len(told) <= 10
    assert all(0 <= at < count for at, _ in told)


def test_a_line_of_many_points_keeps_its_peaks() -> None:
    values = np.zeros(100_000)
    values[54_321], values[77_777] = 1.0, -1.0
    frame = Frame(days_of(len(values)), axis_of([values]), 200, points=600)
    path = str(line(frame, values, "strategy")).split('d="M')[1].split('"')[0]
    drawn = [float(number) for number in re.split("[ L]", path)][1::2]
    assert len(drawn) < 1300
    assert min(drawn) == pytest.approx(frame.inner * (1 - float(frame.axis.place(np.array([1.0]))[0])), abs=0.06)
    assert max(drawn) == pytest.approx(frame.inner * (1 - float(frame.axis.place(np.array([-1.0]))[0])), abs=0.06)


def test_a_gap_is_a_gap_and_one_value_alone_a_dot() -> None:
    values = np.array([1.0, 2.0, np.nan, 3.0, np.nan, 2.0, 1.0])
    drawn = str(line(Frame(days_of(7), axis_of([values])), values, "strategy"))
    assert drawn.count("M") == 3
    assert drawn.count("h0") == 1


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (dollars(-0.001), "$0.00"),
        (dollars(-1234.5), "−$1,234.50"),
        (dollars(12.0, sign=True), "+$12.00"),
        (dollars(float("nan")), "–"),
        (percent(-0.12345), "−12.35%"),
        (compact(2.5, 2.5, ""), "2.5"),
        (compact(1_250_000, 250_000), "$1.25M"),
        (compact(0.0, 5000.0, like=20_000), "$0k"),
    ],
)
def test_numbers_say_their_sign_and_nothing_has_none(told: str, words: str) -> None:
    assert told == words
