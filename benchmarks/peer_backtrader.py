"""backtrader: many symbols on one account, its own loop, broker and commissions."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd

from benchmarks.scenarios import SCENARIOS, Scenario
from benchmarks.task import CASH, FAST, PART, RATE, SLOW, Bars, answer, asked, crossings, seconds


class Told(bt.Strategy):  # type: ignore[misc]  # it carries no types
    """A scenario's decisions by crossings that are told beforehand: exits are sent first, then entries in order."""

    params = (("scenario", None), ("crossed", None))

    def __init__(self) -> None:
        self.equity: list[float] = []
        self.fills: list[tuple[int, int, float, float]] = []

    def notify_order(self, order: Any) -> None:
        """Keep what was filled."""
        if order.status == order.Completed:
            done = order.executed
            self.fills.append((len(self) - 1, self.datas.index(order.data), done.size, done.price))

    def next(self) -> None:
        """Decide at the close; filled at the next open."""
        day, value = len(self) - 1, self.broker.getvalue()
        self.equity.append(value)
        held = [self.getposition(data).size for data in self.datas]
        for symbol, data in enumerate(self.datas):
            if held[symbol] and self.p.crossed.leave[day, symbol]:
                self.close(data)
        for symbol, data in enumerate(self.datas):
            if not held[symbol] and self.p.crossed.enter[day, symbol]:
                size = self.p.scenario.shares(value, data.close[0])
                if size > 0:
                    self.buy(data, size=size)


class Averages(bt.Strategy):  # type: ignore[misc]  # as above
    """As its documentation writes it."""

    def __init__(self) -> None:
        self.crossed = [
            bt.ind.CrossOver(bt.ind.SMA(data, period=FAST), bt.ind.SMA(data, period=SLOW)) for data in self.datas
        ]

    def next(self) -> None:
        """Cross, and cross back."""
        for data, crossed in zip(self.datas, self.crossed, strict=True):
            held = self.getposition(data).size
            if held and crossed[0] < 0:
                self.close(data)
            elif not held and crossed[0] > 0:
                self.buy(data, size=int(PART * self.broker.getvalue() / data.close[0]))


def desk(bars: Bars, cash: float) -> Any:
    """An engine with its data, commission and money."""
    cerebro = bt.Cerebro(stdstats=False)
    dates = pd.DatetimeIndex(bars.days)
    for symbol, name in enumerate(bars.symbols):
        columns = {"open": bars.open, "high": bars.high, "low": bars.low, "close": bars.close, "volume": bars.volume}
        told = pd.DataFrame({key: column[:, symbol] for key, column in columns.items()}, dates)
        cerebro.adddata(bt.feeds.PandasData(dataname=told), name=name)
    cerebro.broker.setcash(cash)
    cerebro.broker.setcommission(commission=RATE)
    cerebro.broker.set_checksubmit(False)
    return cerebro


def replayed(bars: Bars, scenario: Scenario) -> None:
    """A scenario, to the cent."""
    cerebro = desk(bars, scenario.cash)
    cerebro.addstrategy(Told, scenario=scenario, crossed=crossings(bars.close))
    told = cerebro.run()[0]
    answer(equity=told.equity, fills=sorted(told.fills))


def raced(bars: Bars) -> None:
    """Twenty symbols on one account."""

    def run() -> None:
        cerebro = desk(bars, CASH)
        cerebro.addstrategy(Averages)
        cerebro.run()

    first = seconds(run)
    warm = seconds(run)
    answer(first=first, warm=warm, combination=warm, fidelity="one account, its own broker")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    name, given = asked(sys.argv)
    if name == "speed":
        raced(given)
    else:
        replayed(given, SCENARIOS[name])
