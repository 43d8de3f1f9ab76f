"""bt: a portfolio that is brought to its weights, here on the days on which averages cross, at that day's close."""

from __future__ import annotations

import sys
import warnings

import bt
import numpy as np
import pandas as pd

from benchmarks.task import CASH, FAST, PART, RATE, SLOW, Bars, answer, asked, seconds


def raced(bars: Bars) -> None:
    """Twenty symbols on one account."""
    close = pd.DataFrame(bars.close, pd.DatetimeIndex(bars.days), bars.symbols)

    def run() -> None:
        above = close.rolling(FAST).mean() > close.rolling(SLOW).mean()
        weights = above.astype(float) * PART
        crossing = weights.index[(weights.diff().abs() > 0).any(axis=1)]
        steps = [bt.algos.RunOnDate(*crossing), bt.algos.WeighTarget(weights), bt.algos.Rebalance()]
        test = bt.Backtest(
            bt.Strategy("averages", steps),
            close,
            initial_capital=CASH,
            commissions=lambda quantity, price: abs(quantity) * price * RATE,
            progress_bar=False,
        )
        test.run()

    first = seconds(run)
    warm = seconds(run)
    answer(first=first, warm=warm, combination=warm, fidelity="one account, rebalanced at the close")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    _, given = asked(sys.argv)
    raced(given)
