"""Rules that can be told for all days at once: what they are shown, and what they want.

Such a rule says the same as by its `signals`, day by day: what it wants on a day follows from the bars up to that day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Bars of N symbols over T days, each [T, N] dollars a share, NaN where a symbol has no bar."""

    high: Column
    low: Column
    close: Column

    def of_closes(self, function: Callable[[Column], Column]) -> Column:
        """A function of a symbol's own closes, oldest first, over each symbol: [T, N], NaN where it has no bar.

        A day that a symbol misses is none of its sessions: an average over ten is over its own last ten.
        """
        found = np.full(self.close.shape, np.nan)
        for symbol in range(self.close.shape[1]):
            close = self.close[:, symbol]
            present = np.isfinite(close)
            found[present, symbol] = function(close[present])
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Wishes:
    """What a rule wants at each close, [T, N] each.

    `enter`: to buy the symbol unless it is held or on order; `leave`: to sell it if it is held. `rank` is who comes
    first where there is not enough for all, the greatest; without it they come by name. A position has one of `parts`
    equal parts of the equity. If `capped`, no more are held than there are parts, and a sale frees its own at once;
    else all that enter on a day are bought, each for an equal part of all when they are more than `parts`.
    """

    enter: Flags
    leave: Flags
    parts: int
    rank: Column | None = None
    capped: bool = True


@runtime_checkable
class ColumnRule(Protocol):
    """A rule with a form for columns."""

    def columns(self, history: History) -> Wishes:
        """What it wants of every symbol on every day; a pure function, of which no row looks at a later one."""
        ...
