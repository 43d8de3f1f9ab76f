from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.attribution import by_symbol
from backtest.round_trips import OPEN, trades_of
from tests.backtest.made import CASH, Did, made
from trading.backtest_plan import FillAt


def test_two_entries_and_two_exits_are_one_trade_at_average_prices() -> None:
    closes = [[10.0], [12.0], [13.0], [11.0]]
    did = [
        Did(0, 0, 10, 10.0, 1.0),
        Did(1, 0, 30, 12.0, 1.0),
        Did(2, 0, -20, 13.0, 1.0),
        Did(3, 0, -20, 11.0, 1.0, "stop"),
    ]
    trades = trades_of(made(closes, did))
    assert len(trades) == 1
    assert (trades.entered[0], trades.left[0], trades.sessions[0], trades.leg[0]) == (0, 3, 3, "stop")
    assert trades.shares[0] == 40
    assert trades.price[0] == pytest.approx((10 * 10 + 30 * 12) / 40)
    assert trades.exit_price[0] == pytest.approx(12.0)
    assert trades.pnl[0] == pytest.approx(20 * 13 + 20 * 11 - 100 - 360 - 4)
    assert trades.realised[0] == pytest.approx(trades.pnl[0])
    assert trades.returned[0] == pytest.approx(trades.pnl[0] / 460)


def test_a_fill_through_nothing_closes_one_trade_and_opens_the_next_and_shares_its_commission() -> None:
    trades = trades_of(made([[10.0], [12.0], [9.0]], [Did(0, 0, 10, 10.0), Did(1, 0, -30, 12.0, 3.0)]))
    assert trades.shares.tolist() == [10, -20]
    assert trades.left.tolist() == [1, OPEN]
    assert trades.commission.tolist() == pytest.approx([1.0, 2.0])
    assert trades.pnl.tolist() == pytest.approx([10 * 2 - 1, 20 * 3 - 2])


def test_what_is_open_is_marked_at_the_last_close_and_is_no_gain_yet() -> None:
    trades = trades_of(made([[10.0], [14.0]], [Did(0, 0, 10, 10.0, 1.0), Did(1, 0, -4, 13.0, 1.0)]))
    assert trades.left[0] == OPEN
    assert trades.realised[0] == pytest.approx(4 * 3 - 2)
    assert trades.pnl[0] == pytest.approx(4 * 3 + 6 * 4 - 2)


def test_worst_and_best_are_the_lows_and_highs_while_it_was_held() -> None:
    closes = np.array([[10.0], [11.0], [9.0], [12.0]])
    did = [Did(0, 0, 10, 10.0), Did(3, 0, -10, 11.5)]
    seen = made(closes.tolist(), did, lows=closes - 2, highs=closes + 1)
    assert (trades_of(seen).worst[0], trades_of(seen).best[0]) == pytest.approx((-0.3, 0.2))
    short = made(closes.tolist(), [Did(0, 0, -10, 10.0), Did(3, 0, 10, 11.5)])
    assert (trades_of(short).worst[0], trades_of(short).best[0]) == pytest.approx((-0.15, 0.1))


def test_an_entry_at_the_close_has_not_lived_through_its_day() -> None:
    closes = np.array([[10.0], [11.0]])
    seen = made(closes.tolist(), [Did(0, 0, 10, 10.0)], lows=closes - 5, highs=closes)
    assert trades_of(seen).worst[0] == pytest.approx(-0.5)
    later = made(closes.tolist(), [Did(0, 0, 10, 10.0)], lows=closes - 5, highs=closes)
    closing = later.plan.model_copy(update={"fill": FillAt.CLOSE})
    assert trades_of(made(closes.tolist(), [Did(0, 0, 10, 10.0)], lows=closes - 5, plan=closing)).worst[
        0
    ] == pytest.approx(-0.4)


def test_a_split_is_no_gain_and_no_loss() -> None:
    positions = np.array([[10.0], [20.0], [0.0]])
    split = made([[100.0], [50.0], [50.0]], [Did(0, 0, 10, 100.0), Did(2, 0, -20, 50.0)], positions=positions)
    trades = trades_of(split)
    assert (len(trades), trades.shares[0], trades.price[0]) == (1, 20, 50.0)
    assert trades.pnl[0] == pytest.approx(0.0)
    assert np.isnan(trades.worst[0])
    still = made([[100.0], [50.0]], [Did(0, 0, 10, 100.0)], positions=positions[:2])
    assert trades_of(still).pnl[0] == pytest.approx(0.0)


def test_no_fills_are_no_trades() -> None:
    assert len(trades_of(made([[10.0], [11.0]]))) == 0


_FILLS = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.integers(0, 2),
        st.integers(-50, 50).filter(bool).map(lambda shares: shares / 10),
        st.floats(1, 100),
        st.floats(0, 5),
    ),
    max_size=30,
)
_CLOSES = st.lists(st.lists(st.floats(1, 100), min_size=3, max_size=3), min_size=6, max_size=6)


@settings(max_examples=60, deadline=None)
@given(_CLOSES, _FILLS)
def test_whatever_was_filled_the_parts_are_the_whole(closes: list[list[float]], fills: list[Any]) -> None:
    result = made(closes, [Did(*fill) for fill in sorted(fills, key=lambda fill: fill[0])])
    trades = trades_of(result)
    assert CASH + trades.pnl.sum() == pytest.approx(result.equity[-1], abs=1e-6)
    assert trades.commission.sum() == pytest.approx(result.fills.commission.sum())
    told = by_symbol(result, trades)
    assert told.total == pytest.approx(sum(part.total for part in told.symbols), abs=1e-6)
    assert told.other == pytest.approx(0.0, abs=1e-6)
