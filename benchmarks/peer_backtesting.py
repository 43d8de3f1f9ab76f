"""backtesting.py: one symbol at a time, its own loop, its own commissions."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np
import pandas as pd
from backtesting import Backtest, Strategy

from benchmarks.scenarios import SCENARIOS, Scenario
from benchmarks.task import CASH, FAST, PART, RATE, SLOW, Bars, answer, asked, crossings, seconds


class Told(Strategy):  # type: ignore[misc]  # it carries no types
    """A scenario's decisions by crossings that are told beforehand."""

    scenario: Any = None
    enter: Any = None
    leave: Any = None

    def init(self) -> None:
        """Nothing to prepare."""

    def next(self) -> None:
        """Decide at the close; filled at the next open."""
        day = len(self.data) - 1
        if self.position and self.leave[day]:
            self.position.close()
        elif not self.position and self.enter[day]:
            size = self.scenario.shares(self.equity, self.data.Close[-1])
            if size > 0:
                self.buy(size=size)


class Averages(Strategy):  # type: ignore[misc]  # as above
    """As its documentation writes it."""

    fast, slow = FAST, SLOW

    def init(self) -> None:
        """Both averages."""
        close = pd.Series(self.data.Close)
        self.short = self.I(lambda: close.rolling(self.fast).mean())
        self.long = self.I(lambda: close.rolling(self.slow).mean())

    def next(self) -> None:
        """Cross, and cross back."""
        if not self.position:
            if self.short[-1] > self.long[-1] and self.short[-2] <= self.long[-2]:
                self.buy(size=max(int(PART * CASH / self.data.Close[-1]), 1))
        elif self.short[-1] < self.long[-1]:
            self.position.close()


def frame(bars: Bars) -> pd.DataFrame:
    """Of one symbol, by its names."""
    names = ("Open", "High", "Low", "Close", "Volume")
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    return pd.DataFrame({name: column[:, 0] for name, column in zip(names, columns, strict=True)}, pd.Index(bars.days))


def replayed(bars: Bars, scenario: Scenario) -> None:
    """A scenario, to the cent."""
    crossed = crossings(bars.close)
    test = Backtest(frame(bars), Told, cash=scenario.cash, commission=RATE)
    told = test.run(scenario=scenario, enter=crossed.enter[:, 0], leave=crossed.leave[:, 0])
    done = [*told["_strategy"].closed_trades, *told["_strategy"].trades]
    fills = [(trade.entry_bar, 0, trade.size, trade.entry_price) for trade in done]
    fills += [(trade.exit_bar, 0, -trade.size, trade.exit_price) for trade in done if trade.exit_bar is not None]
    answer(
        equity=told["_equity_curve"]["Equity"].tolist(), fills=sorted((int(d), s, float(n), p) for d, s, n, p in fills)
    )


def raced(bars: Bars) -> None:
    """Twenty runs of one symbol; nothing in it knows of a common account."""
    tests = [Backtest(frame(bars.one(name)), Averages, cash=CASH, commission=RATE) for name in bars.symbols]

    def run(**parameters: int) -> None:
        for test in tests:
            test.run(**parameters)

    first, warm = seconds(run), seconds(run, 3)
    answer(first=first, warm=warm, combination=seconds(lambda: run(fast=8, slow=40)), fidelity="one symbol at a time")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    name, given = asked(sys.argv)
    if name == "speed":
        raced(given)
    else:
        replayed(given, SCENARIOS[name])
