"""What could have happened as well: the same days, or the same trades, drawn again in another order."""

from __future__ import annotations

import numpy as np

from trading.money import Ratio, Record
from trading.track import Column

DRAWS = 1000
PERCENTILES = (1, 5, 25, 50, 75, 95, 99)


class Interval(Record):
    """What lies between `low` and `high` with this confidence; `value` is that of the run itself."""

    value: Ratio | None
    low: Ratio | None
    high: Ratio | None
    confidence: Ratio


class Intervals(Record):
    """Confidence intervals of what is quoted most; `block` is the mean length of the blocks in days."""

    sharpe: Interval
    cagr: Interval
    max_drawdown: Interval
    block: Ratio
    draws: int


class Spread(Record):
    """Percentiles of the final equity in dollars and of the deepest drawdown , for each of `percentiles`."""

    percentiles: tuple[int, ...] = PERCENTILES
    final_equity_usd: tuple[Ratio, ...]
    max_drawdown: tuple[Ratio, ...]
    draws: int


def bootstrap(
    returns: Column, generator: np.random.Generator, *, draws: int = DRAWS, block: float | None = None
) -> Intervals | None:
    """95 % intervals by the stationary bootstrap (Politis & Romano 1994): blocks of random length from random days on.

    `returns` [D] daily; `block` None is the cube root of D. None of fewer than two returns.
    """
    raise NotImplementedError


def resampled_days(
    returns: Column, start: float, generator: np.random.Generator, *, draws: int = DRAWS, block: float | None = None
) -> Spread | None:
    """What `start` dollars might have become over as many days, drawn in blocks; None without returns."""
    raise NotImplementedError


def shuffled_trades(pnl: Column, start: float, generator: np.random.Generator, *, draws: int = DRAWS) -> Spread | None:
    """The same trades, in dollars, in another order: the end is the same, the way there is not. None without trades."""
    raise NotImplementedError
