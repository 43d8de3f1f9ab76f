"""What fell too far too fast."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trading.indicators import rsi
from trading.money import Record
from trading.rules.rule import Parts, Sessions, buy, rotate, sell
from trading.rules.view import View
from trading.signals import Signal

WARM_UP = 5
"""Multiples of its sessions that Wilder's average needs to forget where it began, all but a hundredth."""


class RsiReversion(Record):
    """Buy what is oversold, sell it once it has recovered.

    RSI (0 to 100) over `sessions`: bought below `oversold`, sold above `recovered`. One of `parts` equal parts of the
    equity a position, the lowest RSI first. Wilder, *New Concepts in Technical Trading Systems* (1978); as a rule for
    shares Connors and Alvarez, *Short Term Trading Strategies That Work* (2008), whose RSI is over two sessions.
    """

    sessions: Annotated[Sessions, Field(le=50)] = 14
    oversold: Annotated[float, Field(ge=1, le=45, allow_inf_nan=False)] = 30.0
    recovered: Annotated[float, Field(ge=50, le=99, allow_inf_nan=False)] = 55.0
    parts: Parts = 10

    def signals(self, view: View) -> list[Signal]:
        """Sell what has recovered, buy what is lowest."""
        enough = {s: one for s, one in view.symbols.items() if len(one.bars) > WARM_UP * self.sessions}
        levels = {s: float(rsi(one.bars.close, self.sessions)[-1]) for s, one in enough.items()}
        words = {symbol: f"RSI {self.sessions} at {level:.1f}" for symbol, level in levels.items()}
        low = sorted((s for s, level in levels.items() if level < self.oversold), key=lambda s: (levels[s], s))
        sold = [sell(s, words[s]) for s in view.held if s in levels and levels[s] > self.recovered]
        return rotate(view, self.parts, sold, [buy(s, 1 / self.parts, words[s]) for s in low])
