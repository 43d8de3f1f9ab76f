"""The broker of a backtest: the paper broker in memory, whose market is one bar a day of each symbol."""

from __future__ import annotations

from collections.abc import Iterable

from adapters.memory.broker import Clock, MemoryBroker
from adapters.paper_broker.terms import PaperTerms
from backtest.cycles.bar_day import BarDay, Played
from trading.backtest_plan import Plan
from trading.corporate_actions import CorporateAction


class BarBroker(MemoryBroker):
    """One desk's account under a plan's frictions. An order that is sent waits for the next `play`, or with
    `FillAt.CLOSE` meets the close that was played last.

    `terms` say whether it may go short and hold parts of a share; costs, volume and opening cash are the plan's.
    """

    def __init__(
        self,
        desk_id: str,
        plan: Plan,
        clock: Clock,
        actions: Iterable[CorporateAction] = (),
        terms: PaperTerms | None = None,
    ) -> None:
        raise NotImplementedError

    def play(self, day: BarDay) -> Played:
        """Let a session happen, to be called at its close and before anything is decided there.

        What companies did by then comes first, then the open (sales before buys, symbols in order), the rest of each
        bar, the ends of the day's orders, marks, interest and borrow. Sessions are played in order, each once.
        """
        raise NotImplementedError
