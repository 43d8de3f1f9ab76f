"""Grids of parameters: as they are written, counted and numbered."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.errors import BadConfiguration
from trading.grids import MOST_COMBINATIONS, Axis, Grid, Parameters, axis_of, grid_of

NAMES = st.lists(st.sampled_from(["fast", "slow", "band", "parts"]), min_size=1, max_size=4, unique=True)
VALUES = st.lists(st.integers(-50, 50), min_size=1, max_size=6, unique=True)


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("fast=5..50:15", (5, 20, 35, 50)),
        ("fast=5..52:15", (5, 20, 35, 50)),
        ("fast = 3..5", (3, 4, 5)),
        ("band=0..0.3:0.1", (0, 0.1, 0.2, 0.3)),
        ("band=-1..1:0.5", (-1, -0.5, 0, 0.5, 1)),
        ("slow=20,50,100", (20, 50, 100)),
        ("band=0.01, 1e-3", (0.01, 0.001)),
        ("mode=wide,true,none,1.0", ("wide", True, None, 1)),
        ("fast=7..7", (7,)),
    ],
)
def test_an_axis_is_what_was_written(words: str, values: tuple[object, ...]) -> None:
    axis = axis_of(words)
    assert axis.values == values
    assert [type(value) for value in axis.values] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("fast", "'fast' is no axis of a grid: write it as"),
        ("=5", "is no axis of a grid"),
        ("fast=", "is no axis of a grid"),
        ("fast=5..x", "'x' is no number"),
        ("fast=5..50:0", "goes by steps of 0"),
        ("fast=5..50:-5", "goes by steps of -5"),
        ("fast=50..5", "goes from 50 down to 5"),
        ("fast=1..1e9", "has 1,000,000,000 values, more than 10,000"),
        ("fast=nan..5", "is no number of use"),
        ("fast=5,,6", "has an empty value"),
        ("fast=5,5", "has a value twice"),
        ("fast=5,5.0", "has a value twice"),
        ("fa st=5", "is no axis of a grid"),
    ],
)
def test_what_cannot_be_an_axis_is_refused_in_a_sentence(words: str, told: str) -> None:
    with pytest.raises(BadConfiguration, match=told.replace("(", r"\(")) as refused:
        axis_of(words)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "the grid: there is nothing to combine"),
        (["fast=1,2", "fast=3"], "the grid: fast stands there twice"),
        (["fast=1..1000", "slow=1..1000"], "the grid: 1,000,000 combinations are more than 10,000"),
    ],
)
def test_what_cannot_be_a_grid_is_refused_in_a_sentence(words: list[str], told: str) -> None:
    with pytest.raises(BadConfiguration, match=told):
        grid_of(words)


@given(NAMES, st.data())
def test_every_combination_has_one_number_and_the_last_axis_is_the_fastest(
    names: list[str], data: st.DataObject
) -> None:
    axes = tuple(Axis(name=name, values=tuple(data.draw(VALUES))) for name in names)
    only: Parameters = {"fast": 1}
    listed = (only,) * data.draw(st.integers(0, 2))
    grid = Grid(axes=axes, listed=listed)
    product = [dict(zip(names, values, strict=True)) for values in itertools.product(*(axis.values for axis in axes))]
    assert [grid.at(number) for number in range(grid.size)] == [*product, *listed]
    for beyond in (-1, grid.size):
        with pytest.raises(IndexError):
            grid.at(beyond)


def test_a_grid_may_be_as_large_as_it_may_be() -> None:
    assert grid_of(["fast=1..100", "slow=1..100"]).size == MOST_COMBINATIONS
