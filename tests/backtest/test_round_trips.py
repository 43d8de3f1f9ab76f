from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.measures.attribution import by_symbol
from backtest.measures.excursions import excursions_of
from backtest.measures.round_trips import OPEN, trades_of
from backtest.results.result import Result
from tests.backtest.made import CASH, Did, made
from trading.backtest_plan import FillAt
from trading.instruments import Side
from trading.orders import Fill
from trading.trades import trades_of as told_by_the_desk


def lived(result: Result) -> tuple[float, float]:
    """The worst and the best of the first trade."""
    seen = excursions_of(result, trades_of(result))
    return seen.worst[0], seen.best[0]


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
    assert lived(seen) == pytest.approx((-0.3, 0.2))
    short = made(closes.tolist(), [Did(0, 0, -10, 10.0), Did(3, 0, 10, 11.5)])
    assert lived(short) == pytest.approx((-0.15, 0.1))


def test_an_entry_at_the_close_has_not_lived_through_its_day() -> None:
    closes = np.array([[10.0], [11.0]])
    seen = made(closes.tolist(), [Did(0, 0, 10, 10.0)], lows=closes - 5, highs=closes)
    assert lived(seen)[0] == pytest.approx(-0.5)
    closing = seen.plan.model_copy(update={"fill": FillAt.CLOSE})
    assert lived(replace(seen, plan=closing))[0] == pytest.approx(-0.4)


def test_a_split_is_no_gain_and_no_loss() -> None:
    positions = np.array([[10.0], [20.0], [0.0]])
    split = made([[100.0], [50.0], [50.0]], [Did(0, 0, 10, 100.0), Did(2, 0, -20, 50.0)], positions=positions)
    trades = trades_of(split)
    assert (len(trades), trades.shares[0], trades.price[0]) == (1, 20, 50.0)
    assert trades.pnl[0] == pytest.approx(0.0)
    assert np.isnan(lived(split)[0])
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


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-5, 5).filter(bool), st.integers(1, 100)), max_size=25))
def test_they_are_the_trades_that_the_desk_would_tell(fills: list[tuple[int, int, int]]) -> None:
    result = made([[50.0] * 3] * 25, [Did(at, *fill, 1.0) for at, fill in enumerate(fills)])
    booked = [_booked(at, *fill) for at, fill in enumerate(fills)]
    mine, theirs = trades_of(result), list(told_by_the_desk(booked).values())
    theirs.sort(key=lambda trade: (trade.opened_at, trade.symbol))
    assert [result.symbols[symbol] for symbol in mine.symbol] == [trade.symbol for trade in theirs]
    assert mine.closed.tolist() == [trade.closed_at is not None for trade in theirs]
    assert np.abs(mine.shares).tolist() == [float(trade.quantity) for trade in theirs]
    assert mine.price.tolist() == pytest.approx([float(trade.entry_price) for trade in theirs], abs=1e-4)
    ended = [float(trade.realised_pnl) for trade in theirs if trade.closed_at is not None]
    assert mine.pnl[mine.closed].tolist() == pytest.approx(ended, abs=0.05)


def _booked(at: int, symbol: int, shares: int, price: int) -> Fill:
    return Fill(
        fill_id=f"f{at}",
        client_order_id=f"o{at}",
        symbol=("SA", "SB", "SC")[symbol],
        side=Side.BUY if shares > 0 else Side.SELL,
        quantity=Decimal(abs(shares)),
        price=Decimal(price),
        commission=Decimal(1),
        filled_at=datetime(2016, 1, 4, tzinfo=UTC) + timedelta(days=at),
    )
