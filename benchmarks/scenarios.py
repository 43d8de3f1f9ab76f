"""Runs that several engines answer to the cent: whole shares, long, decided at a close, filled at the next open."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scenario:
    """`fixed` shares an entry, or whole shares for `part` of the equity at the close."""

    cash: float
    symbols: tuple[str, ...] | None
    fixed: int = 0
    part: float = 0.0

    def shares(self, equity: float, close: float) -> int:
        """How many an entry is of."""
        return self.fixed or math.floor(self.part * equity / close)


SCENARIOS = {
    "s1": Scenario(1_000_000.0, ("AAPL",), fixed=1000),
    "s2": Scenario(100_000.0, ("AAPL",), part=0.90),
    "s3": Scenario(1_000_000.0, None, part=0.045),
}
"""`symbols` None is all twenty, on one account."""
