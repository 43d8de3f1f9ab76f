"""A run's tables, column by column: what the exports write and a reader gets back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from backtest.data.panel import Column, Days
from backtest.measures import curves
from backtest.measures.excursions import excursions_of
from backtest.measures.round_trips import OPEN, Trades
from backtest.results.result import Result

Words = Sequence[str]
Table = Mapping[str, "Column | Days | NDArray[np.int64] | Words"]
"""Columns of one length by their names, in their order; a day that is not known is NaT, a number NaN."""


def equity_table(result: Result) -> Table:
    """One row a session: dollars at its close, and the fraction below the highest close so far."""
    unknown = np.full(len(result.days), np.nan)
    return {
        "day": result.days,
        "equity": result.equity,
        "cash": result.cash,
        "gross": result.gross,
        "benchmark": unknown if result.benchmark is None else result.benchmark,
        "held": unknown if result.held is None else result.held,
        "drawdown": curves.drawdown(result.equity, float(result.plan.cash)),
    }


def fills_table(result: Result) -> Table:
    """One row a fill, in the order in which they happened; shares unsigned beside their side."""
    fills = result.fills
    return {
        "day": result.days[fills.day],
        "symbol": [result.symbols[at] for at in fills.symbol],
        "side": ["buy" if shares > 0 else "sell" for shares in fills.shares],
        "shares": np.abs(fills.shares),
        "price": fills.price,
        "commission": fills.commission,
        "leg": fills.leg,
    }


def trades_table(result: Result, trades: Trades) -> Table:
    """One row a round trip, as `Trades` and `Excursions` describe it; `exit_day` is not known of one that is open."""
    seen = excursions_of(result, trades)
    left = np.where(trades.left == OPEN, np.datetime64("NaT", "D"), result.days[trades.left])
    return {
        "entry_day": result.days[trades.entered],
        "exit_day": left,
        "symbol": [result.symbols[at] for at in trades.symbol],
        "side": ["long" if shares > 0 else "short" for shares in trades.shares],
        "shares": np.abs(trades.shares),
        "entry_price": trades.price,
        "exit_price": trades.exit_price,
        "pnl": trades.pnl,
        "realised": trades.realised,
        "commission": trades.commission,
        "returned": trades.returned,
        "sessions": trades.sessions,
        "worst": seen.worst,
        "best": seen.best,
        "leg": trades.leg,
    }


def refusals_table(result: Result) -> Table:
    """One row an order that was not sent or not filled."""
    rows = result.refusals
    return {
        "decided_on": np.array([each.decided_on for each in rows], "datetime64[D]"),
        "symbol": [each.symbol for each in rows],
        "shares": np.array([each.shares for each in rows], np.float64),
        "code": [each.code for each in rows],
        "reason": [each.reason for each in rows],
    }
