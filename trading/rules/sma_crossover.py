"""Two averages of the close that cross."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from trading.money import Record
from trading.rules.averages import gaps
from trading.rules.columns import History, Wishes
from trading.rules.rule import Parts, Sessions, buy, rotate, sell
from trading.rules.view import View
from trading.signals import Signal


class SmaCrossover(Record):
    """Hold what has its `fast` simple average of closes above its `slow` one; sell it when it falls below.

    `fast` and `slow` in sessions; `band` is a fraction of the slow average that must be passed, up and down, and keeps
    a price that goes sideways from being bought and sold. One of `parts` equal parts of the equity a position, the
    widest gap first. A symbol with fewer than `slow` bars is left alone. The variable-length moving average of Brock,
    Lakonishok and LeBaron, *Simple Technical Trading Rules*, Journal of Finance 47 (1992).
    """

    fast: Sessions = 50
    slow: Sessions = 200
    band: Annotated[float, Field(ge=0, le=0.2, allow_inf_nan=False)] = 0.0
    parts: Parts = 10

    @model_validator(mode="after")
    def _fast_before_slow(self) -> SmaCrossover:
        if self.fast >= self.slow:
            raise ValueError(f"fast ({self.fast}) must be less than slow ({self.slow})")
        return self

    def signals(self, view: View) -> list[Signal]:
        """Sell what crossed down, buy what stands furthest above."""
        long_enough = {symbol: one.bars.close for symbol, one in view.symbols.items() if len(one.bars) >= self.slow}
        gaps = {s: float(c[-self.fast :].mean() / c[-self.slow :].mean()) - 1 for s, c in long_enough.items()}
        words = {s: f"SMA {self.fast} is {gap:+.2%} from SMA {self.slow}" for s, gap in gaps.items()}
        above = sorted((s for s, gap in gaps.items() if gap > self.band), key=lambda s: (-gaps[s], s))
        sold = [sell(s, words[s]) for s in view.held if s in gaps and gaps[s] < -self.band]
        return rotate(view, self.parts, sold, [buy(s, 1 / self.parts, words[s]) for s in above])

    def columns(self, history: History) -> Wishes:
        """The same for all days."""
        gap = history.of_closes(lambda close: gaps(close, self.fast, self.slow))
        return Wishes(enter=gap > self.band, leave=gap < -self.band, parts=self.parts, rank=gap)
