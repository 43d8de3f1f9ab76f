"""Two averages of the close, at the moment in which they cross."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from trading.money import Record
from trading.rules.averages import crossings
from trading.rules.columns import History, Wishes
from trading.rules.rule import Parts, buy, sell
from trading.rules.view import View
from trading.signals import Signal

Length = Annotated[int, Field(ge=1, le=252)]


class SmaCross(Record):
    """Buy on the day on which the `fast` simple average of closes rises above the `slow` one, sell when it falls below.

    From equal to above is a crossing, from above to equal is none; averages are compared exactly. Where `sma-crossover`
    buys whatever stands above, this rule comes in on the day itself or not at all. One of `parts` equal parts of the
    equity a position; of more that cross on one day an equal part of it each. The moving averages of Brock, Lakonishok
    and LeBaron, *Simple Technical Trading Rules*, Journal of Finance 47 (1992), without their band.
    """

    fast: Length = 10
    slow: Length = 30
    parts: Parts = 10

    @model_validator(mode="after")
    def _fast_before_slow(self) -> SmaCross:
        if self.fast >= self.slow:
            raise ValueError(f"fast ({self.fast}) must be less than slow ({self.slow})")
        return self

    def signals(self, view: View) -> list[Signal]:
        """Sell what crossed down today, buy what crossed up."""
        enough = {s: one.bars.close[-1 - self.slow :] for s, one in view.symbols.items() if len(one.bars) > self.slow}
        turns = {s: int(crossings(close, self.fast, self.slow)[-1]) for s, close in sorted(enough.items())}
        words = {-1: f"SMA {self.fast} fell below SMA {self.slow}", 1: f"SMA {self.fast} rose above SMA {self.slow}"}
        up = [s for s, turn in turns.items() if turn > 0 and s in view.watched and s not in view.taken]
        part = 1 / max(self.parts, len(up))
        sold = [sell(s, words[-1]) for s in view.held if turns.get(s, 0) < 0]
        return [*sold, *(buy(s, part, words[1]) for s in up)]

    def columns(self, history: History) -> Wishes:
        """The same for all days."""
        turns = history.of_closes(lambda close: crossings(close, self.fast, self.slow).astype(np.float64))
        return Wishes(enter=turns > 0, leave=turns < 0, parts=self.parts, capped=False)
