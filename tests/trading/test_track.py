"""Round trips out of fills, by hand and by what must hold of any fills."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading.track import OPEN, Column, Days, Indexes, Split, Track, round_trips

Told = tuple[int, int, float, float, float]


class Filled(NamedTuple):
    day: Indexes
    symbol: Indexes
    shares: Column
    price: Column
    commission: Column


def filled(*fills: Told) -> Filled:
    """Fills as (day, symbol, shares, price, commission)."""
    columns = np.array(fills, dtype=np.float64).reshape(-1, 5).T
    return Filled(columns[0].astype(np.int64), columns[1].astype(np.int64), *columns[2:])


def days(count: int) -> Days:
    return np.arange(count).astype("datetime64[D]")


def test_a_position_built_up_and_sold_in_parts_is_one_trade() -> None:
    trips = round_trips(
        filled((0, 0, 100, 10.0, 1.0), (1, 0, 50, 12.0, 0.5), (4, 0, -100, 15.0, 1.5), (6, 0, -50, 8.0, 0.25))
    )
    assert (trips.opened.tolist(), trips.closed.tolist(), trips.direction.tolist()) == ([0], [6], [1])
    assert trips.invested.tolist() == [1600.0]
    assert trips.pnl.tolist() == [1500 + 400 - 1600 - 3.25]


def test_a_short_trade_earns_when_the_price_falls() -> None:
    trips = round_trips(filled((0, 3, -10, 20.0, 1.0), (2, 3, 10, 15.0, 1.0)))
    assert (trips.direction.tolist(), trips.invested.tolist(), trips.pnl.tolist()) == ([-1], [200.0], [48.0])


def test_a_fill_through_flat_ends_one_trade_and_opens_the_next() -> None:
    trips = round_trips(filled((0, 0, 10, 10.0, 0.0), (1, 0, -30, 11.0, 3.0)), marks=np.array([9.0]))
    assert (trips.opened.tolist(), trips.closed.tolist()) == ([0, 1], [1, OPEN])
    assert trips.pnl.tolist() == pytest.approx([10.0 - 1.0, 20 * 11.0 - 2.0 - 20 * 9.0])


def test_symbols_do_not_mix_and_what_is_open_needs_a_mark() -> None:
    fills = filled((0, 0, 10, 10.0, 0.0), (0, 1, 5, 100.0, 0.0), (3, 0, -10, 11.0, 0.0))
    trips = round_trips(fills)
    assert (trips.symbol.tolist(), trips.closed.tolist(), len(trips)) == ([0, 1], [3, OPEN], 2)
    assert trips.pnl[0] == 10.0
    assert np.isnan(trips.pnl[1])


def test_a_split_makes_more_shares_of_the_same_trade() -> None:
    fills = filled((0, 0, 10, 100.0, 0.0), (5, 0, -40, 26.0, 0.0), (6, 0, 8, 30.0, 0.0))
    trips = round_trips(fills, [Split(9, 0, 0.5), Split(5, 0, 4.0), Split(5, 1, 2.0)], marks=np.array([70.0]))
    assert (trips.closed.tolist(), trips.pnl.tolist()) == ([5, OPEN], [40.0, 40.0])


def test_no_fills_make_no_trades() -> None:
    assert len(round_trips(filled())) == 0


@given(
    told=st.lists(
        st.tuples(st.integers(0, 2), st.integers(-5, 5).filter(bool), st.integers(1, 50), st.integers(0, 3)),
        max_size=40,
    ),
    marks=st.lists(st.integers(1, 50), min_size=3, max_size=3),
)
@settings(max_examples=200, deadline=None)
def test_trades_share_out_every_dollar(told: list[tuple[int, int, int, int]], marks: list[int]) -> None:
    """Whatever is filled: the trades together earned what the fills and the marks did, and one symbol has one open."""
    fills = filled(*((day, symbol, shares, price, cost) for day, (symbol, shares, price, cost) in enumerate(told)))
    trips = round_trips(fills, marks=np.array(marks, dtype=np.float64))
    held = np.bincount(fills.symbol, fills.shares, minlength=3)
    earned = held @ np.array(marks) - fills.shares @ fills.price - fills.commission.sum()
    assert trips.pnl.sum() == pytest.approx(earned, abs=1e-6)
    assert np.bincount(trips.symbol[trips.closed == OPEN], minlength=3).tolist() == (held != 0).astype(int).tolist()
    assert np.all((trips.closed >= trips.opened) | (trips.closed == OPEN))


@pytest.mark.parametrize(
    ("count", "equity", "start"),
    [
        (0, [], None),
        (2, [1.0], None),
        (1, [np.nan], 1.0),
        (2, [1.0, np.inf], None),
        (2, [0.0, 1.0], None),
        (2, [1.0, 1.0], 0.0),
        (2, [1.0, 1.0], float("nan")),
    ],
)
def test_a_track_that_nothing_can_be_measured_on_is_refused(
    count: int, equity: list[float], start: float | None
) -> None:
    with pytest.raises(ValueError, match=r"equit|starts with money"):
        Track(days(count), np.array(equity), start)


def test_days_must_rise() -> None:
    with pytest.raises(ValueError, match="rising"):
        Track(days(2)[::-1], np.array([1.0, 1.0]))
