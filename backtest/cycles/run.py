"""A backtest by whole cycles: each session's fills, then the cycle at its close, as the desk would have run it."""

from __future__ import annotations

from collections.abc import Callable

from backtest.cycles.deciders import Deciders
from backtest.panel import Panel
from backtest.result import Result
from trading.backtest_plan import Plan
from trading.money import Record


class Progress(Record):
    """How far a run has come: days done of all, and the equity in dollars at the newest close."""

    done: int
    total: int
    equity: float


async def run_cycles(
    panel: Panel,
    plan: Plan,
    deciders: Deciders | None = None,
    tell: Callable[[Progress], None] | None = None,
) -> Result:
    """Replay a plan over a panel; `tell` hears of each day that is done.

    Without `deciders` the agents' seats are taken by the rules model. Raises BadConfiguration for a plan that the panel
    cannot serve: a symbol without bars, no session between its dates.
    """
    raise NotImplementedError
