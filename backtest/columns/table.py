"""What a sweep brought: one row for each combination of parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from backtest.data.panel import Column, Days


@dataclass(frozen=True, slots=True, eq=False)
class SweepTable:
    """C combinations over D days, in the order in which they were asked.

    `equity` float64 [C, D] dollars at each close, `fills` int64 [C] how many; NaN and 0 where a combination failed, and
    `errors` has in one sentence why, None where it ran. `combinations` are the parameters as they were given.
    """

    days: Days
    combinations: tuple[Mapping[str, JsonValue], ...]
    equity: Column
    fills: NDArray[np.int64]
    errors: tuple[str | None, ...]
