"""vectorbt: whole columns at once, compiled; a scenario as a function of its own that it calls order by order."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np
import pandas as pd
import vectorbt as vbt
from numba import njit
from vectorbt.portfolio import nb

from benchmarks.scenarios import SCENARIOS, Scenario
from benchmarks.task import CASH, FAST, PAIRS, PART, RATE, SLOW, Bars, answer, asked, crossings, seconds

AT_ONCE = 20
"""Combinations a call: all 200 at once take gigabytes."""


@njit
def sales_first(c: Any, leave: Any, close: Any) -> tuple[float]:
    """What the account was worth at the close before; and who is called when."""
    value = c.last_cash[c.group]
    at = 0
    for column in range(c.from_col, c.to_col):
        if c.i > 0:
            value += c.last_position[column] * close[c.i - 1, column]
    for selling in (True, False):
        for column in range(c.from_col, c.to_col):
            if (c.i > 0 and leave[c.i - 1, column]) == selling:
                c.call_seq_now[at] = column - c.from_col
                at += 1
    return (value,)


@njit
def order(c: Any, value: float, crossed: Any, prices: Any, told: Any) -> Any:
    """One symbol's order at this open, decided at the close before."""
    fixed, part, rate = told
    enter, leave = crossed
    opened, close = prices
    if c.i == 0:
        return nb.order_nothing_nb()
    size = 0.0
    if c.position_now > 0 and leave[c.i - 1, c.col]:
        size = -c.position_now
    elif c.position_now == 0 and enter[c.i - 1, c.col]:
        size = fixed if fixed > 0 else np.floor(part * value / close[c.i - 1, c.col])
    if size == 0:
        return nb.order_nothing_nb()
    return nb.order_nb(size=size, price=opened[c.i, c.col], fees=rate, allow_partial=False)


def replayed(bars: Bars, scenario: Scenario) -> None:
    """A scenario, to the cent."""
    crossed = crossings(bars.close)
    told = vbt.Portfolio.from_order_func(
        pd.DataFrame(bars.close, pd.Index(bars.days), bars.symbols),
        order,
        (crossed.enter, crossed.leave),
        (bars.open, bars.close),
        (float(scenario.fixed), scenario.part, RATE),
        pre_segment_func_nb=sales_first,
        pre_segment_args=(crossed.leave, bars.close),
        init_cash=scenario.cash,
        cash_sharing=True,
        group_by=True,
    )
    kept = told.orders.values  # noqa: PD011  its own records
    shares = np.where(kept["side"] == 0, kept["size"], -kept["size"])
    columns = (column.tolist() for column in (kept["idx"], kept["col"], shares, kept["price"]))
    answer(equity=told.value().tolist(), fills=sorted(zip(*columns, strict=True)))


def raced(bars: Bars) -> None:
    """Signals of whole columns with dollars a trade: its fastest way, and no decision knows of the account."""
    dates = pd.Index(bars.days)
    close, opened = (pd.DataFrame(column, dates, bars.symbols) for column in (bars.close, bars.open))

    def run(pairs: list[tuple[int, int]]) -> None:
        fast = vbt.MA.run(close, [pair[0] for pair in pairs], short_name="fast")
        slow = vbt.MA.run(close, [pair[1] for pair in pairs], short_name="slow")
        enter, leave = fast.ma_crossed_above(slow), fast.ma_crossed_below(slow)
        many = len(pairs)
        told = vbt.Portfolio.from_signals(
            np.tile(close.to_numpy(), many),
            np.roll(enter.to_numpy(), 1, axis=0),
            np.roll(leave.to_numpy(), 1, axis=0),
            price=np.tile(opened.to_numpy(), many),
            size=PART * CASH,
            size_type="value",
            fees=RATE,
            init_cash=CASH,
            cash_sharing=True,
            group_by=np.repeat(np.arange(many), len(bars.symbols)),
            freq="1D",
        )
        told.total_return()

    def swept() -> None:
        for at in range(0, len(PAIRS), AT_ONCE):
            run(PAIRS[at : at + AT_ONCE])

    first = seconds(lambda: run([(FAST, SLOW)]))
    warm = seconds(lambda: run([(FAST, SLOW)]), 5)
    sweep = seconds(swept, 2)
    answer(first=first, warm=warm, combination=sweep / len(PAIRS), fidelity="whole columns, dollars a trade")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    name, given = asked(sys.argv)
    if name == "speed":
        raced(given)
    else:
        replayed(given, SCENARIOS[name])
