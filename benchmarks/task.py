"""What every engine is given: the same bars, crossings and money. It needs numpy alone, so that each can import it."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
CASH = 1_000_000.0
RATE = 0.0005
PART = 0.045
FAST, SLOW = 10, 30
PAIRS = [(fast, slow) for fast in range(5, 25) for slow in range(30, 130, 10)]
"""200 combinations."""


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """`days` [T]; `symbols` N; prices [T, N] dollars a share, volume [T, N]."""

    days: NDArray[np.datetime64]
    symbols: list[str]
    open: Column
    high: Column
    low: Column
    close: Column
    volume: Column

    @classmethod
    def read(cls, path: Path) -> Bars:
        """As `written` left them."""
        with np.load(path) as kept:
            columns = {name: kept[name] for name in ("days", "open", "high", "low", "close", "volume")}
            return cls(symbols=kept["symbols"].tolist(), **columns)

    def write(self, path: Path) -> None:
        """For engines that live in another environment."""
        columns: dict[str, Any] = {name: np.asarray(getattr(self, name)) for name in self.__slots__}
        np.savez(path, **columns)

    def one(self, symbol: str) -> Bars:
        """Of one symbol alone."""
        at = self.symbols.index(symbol)
        columns = (
            column[:, at : at + 1].copy() for column in (self.open, self.high, self.low, self.close, self.volume)
        )
        return Bars(self.days, [symbol], *columns)


@dataclass(frozen=True, slots=True, eq=False)
class Crossings:
    """Where the fast average comes from below or from the slow one, and where it goes back; bool [T, N]."""

    enter: NDArray[np.bool_]
    leave: NDArray[np.bool_]


def crossings(close: Column, fast: int = FAST, slow: int = SLOW) -> Crossings:
    """Told for itself, bar by bar and with sums that are rounded once: equal averages are equal here."""
    above = np.zeros(close.shape, np.int8)
    for day in range(slow - 1, len(close)):
        for symbol in range(close.shape[1]):
            short = math.fsum(close[day - fast + 1 : day + 1, symbol]) * slow
            long = math.fsum(close[day - slow + 1 : day + 1, symbol]) * fast
            above[day, symbol] = (short > long) - (short < long)
    enter, leave = np.zeros(close.shape, np.bool_), np.zeros(close.shape, np.bool_)
    enter[slow:] = (above[slow:] > 0) & (above[slow - 1 : -1] <= 0)
    leave[slow:] = (above[slow:] < 0) & (above[slow - 1 : -1] >= 0)
    return Crossings(enter, leave)


def seconds(run: Callable[[], object], times: int = 1) -> float:
    """The least CPU seconds of so many runs."""
    least = math.inf
    for _ in range(times):
        began = process_time()
        run()
        least = min(least, process_time() - began)
    return least


def answer(**told: Any) -> None:
    """Say what came out, as the last line of the output, with the most memory that the process had."""
    sys.stdout.write("\n" + json.dumps({"memory_mb": _most_memory(), **told}) + "\n")


def _most_memory() -> float | None:
    """Megabytes; of this program alone, which `getrusage` does not say: it counts what its parent had when it began."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), None)


def asked(arguments: Sequence[str]) -> tuple[str, Bars]:
    """What to do, `speed` or the name of a scenario, and the bars to do it over."""
    return arguments[1], Bars.read(Path(arguments[2]))
