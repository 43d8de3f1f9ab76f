"""What a run of the agents has spent, and what ended it before its last day."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from activities import clock
from backtest.results.result import StopCause, Stopped
from trading.errors import Final


@dataclass(slots=True)
class Meter:
    """One run's. `spent_usd` is what calls took, those that failed at the most they may have; `asked` counts them.

    `cached` counts the questions that were answered before this run.
    """

    most_usd: Decimal | None = None
    spent_usd: Decimal = Decimal(0)
    asked: int = 0
    cached: int = 0
    stopped: Stopped | None = field(default=None)

    def stop(self, cause: StopCause, reason: str) -> None:
        """End the run with the day it is at; the first cause stays."""
        if self.stopped is None:
            self.stopped = Stopped(cause=cause, on=clock.now().date(), reason=" ".join(reason.split()))

    def check(self) -> None:
        """Raise Final once the run is to end, so that the cycle ends as failed and nothing is ordered on half of it."""
        if self.stopped is not None:
            raise Final(f"the run ends: {self.stopped.reason}")
