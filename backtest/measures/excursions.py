"""How far the price went against each trade, and with it, while it was held."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from backtest.data.panel import Column
from backtest.measures.round_trips import OPEN, Trades
from backtest.results.result import Result
from trading.backtest_plan import FillAt


class Excursions(NamedTuple):
    """Of K trades the worst and the best that was seen, as fractions of the entry: [K], below and above nothing.

    From the first session held to the last before the exit, by lows and highs where the result has them, else by
    closes; the exit's own price counts too. An entry at the close has the next session as its first. NaN of a trade
    that saw a split.
    """

    worst: Column
    best: Column


def excursions_of(result: Result, trades: Trades) -> Excursions:
    """What each trade of a result lived through."""
    lows, highs = (result.closes if column is None else column for column in (result.lows, result.highs))
    late = result.plan.fill is FillAt.CLOSE
    low, high = np.minimum(trades.price, trades.exit_price), np.maximum(trades.price, trades.exit_price)
    rows = zip(trades.symbol.tolist(), trades.entered.tolist(), trades.left.tolist(), strict=True)
    for at, (symbol, entered, left) in enumerate(rows):
        held = slice(entered + late, len(result.days) if left == OPEN else left), symbol
        low[at] = np.fmin.reduce(lows[held], initial=low[at])
        high[at] = np.fmax.reduce(highs[held], initial=high[at])
    known = ~trades.split & (trades.price > 0)
    down, up = (np.divide(one, trades.price, out=np.full(len(one), np.nan), where=known) - 1 for one in (low, high))
    long = trades.shares > 0
    return Excursions(np.where(long, down, -up), np.where(long, up, -down))
