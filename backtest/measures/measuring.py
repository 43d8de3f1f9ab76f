"""What a result is worth: from its columns to the record of all metrics."""

from __future__ import annotations

import numpy as np

from backtest.data.panel import Column
from backtest.measures.round_trips import trades_of
from backtest.results.result import Result
from trading.measures import measure
from trading.metrics import Metrics
from trading.track import Track, Trips

_BASIS_POINT = 1e-4
_AT_ITS_PRICE = frozenset({"target"})
"""Legs that are limit orders: they are filled at their price or not at all."""


def measured(result: Result) -> Metrics:
    """All metrics of a result."""
    return measure(track_of(result))


def track_of(result: Result) -> Track:
    """What its metrics are measured on; slippage is what the plan's costs make of the prices that were paid."""
    fills, trades = result.fills, trades_of(result)
    return Track(
        days=result.days,
        equity=result.equity,
        start=float(result.plan.cash),
        gross=result.gross,
        trips=Trips(trades.entered, trades.left, trades.pnl),
        traded=float(np.abs(fills.shares * fills.price).sum()),
        commission=float(fills.commission.sum()),
        slippage=float(slippage_of(result).sum()),
        benchmark=result.benchmark,
    )


def slippage_of(result: Result) -> Column:
    """Dollars that each fill was worse than the bar's price by slippage and half the spread, [F]."""
    fills, frictions = result.fills, result.plan.frictions
    half, slip = float(frictions.spread_bps) * _BASIS_POINT / 2, float(frictions.costs.slippage_bps) * _BASIS_POINT
    sides = np.sign(fills.shares)
    slipped = np.array([leg not in _AT_ITS_PRICE for leg in fills.leg], dtype=np.bool_)
    at_worst = np.where(slipped, (1 + sides * half) * (1 + sides * slip), 1.0)
    return fills.shares * fills.price * (1 - 1 / at_worst)
