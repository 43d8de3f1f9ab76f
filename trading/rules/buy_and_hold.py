"""Buy, and sit."""

from __future__ import annotations

import numpy as np

from trading.money import Record
from trading.rules.columns import History, Wishes
from trading.rules.rule import Parts, buy, rotate
from trading.rules.view import View
from trading.signals import Signal


class BuyAndHold(Record):
    """Buy each symbol once, for one of `parts` equal parts of the equity, and never sell: what others are held against.

    Of more symbols than parts, the first by name. Sharpe, *The Arithmetic of Active Management*, Financial Analysts
    Journal 47 (1991): before costs, the average of all who do otherwise.
    """

    parts: Parts = 10

    def signals(self, view: View) -> list[Signal]:
        """Buy what is not held yet."""
        return rotate(view, self.parts, (), [buy(s, 1 / self.parts, "bought once") for s in sorted(view.watched)])

    def columns(self, history: History) -> Wishes:
        """The same for all days."""
        there = np.isfinite(history.close)
        return Wishes(enter=there, leave=np.zeros_like(there), parts=self.parts)
