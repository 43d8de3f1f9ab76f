"""Out of the channel of the last weeks."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trading.money import Record
from trading.rules.rule import Parts, Sessions, buy, rotate, sell
from trading.rules.view import Seen, View
from trading.signals import Signal


class Breakout(Record):
    """Buy what closes above its highest high of `entry` sessions, sell what closes below its lowest low of `exit` ones.

    Both channels end with the session before the newest. `stop_ranges` is the distance of the stop from the quote in
    average true ranges of 14 sessions (dollars a share), 0 for none. One of `parts` equal parts of the equity a
    position, the furthest out in such ranges first. Donchian's channel, with the sessions and the stop of the Turtles:
    Faith, *Way of the Turtle* (2007), system 1.
    """

    entry: Sessions = 20
    exit: Sessions = 10
    stop_ranges: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)] = 2.0
    parts: Parts = 10

    def signals(self, view: View) -> list[Signal]:
        """Sell what broke down, buy what broke out."""
        enough = {s: one for s, one in view.symbols.items() if len(one.bars) > max(self.entry, self.exit)}
        floors = {s: float(one.bars.low[-1 - self.exit : -1].min()) for s, one in enough.items()}
        tops = {s: float(one.bars.high[-1 - self.entry : -1].max()) for s, one in enough.items()}
        closes = {s: float(one.bars.close[-1]) for s, one in enough.items()}
        ahead = {s: (closes[s] - tops[s]) / max(one.indicators.atr_14, 1e-9) for s, one in enough.items()}
        out = sorted((s for s in enough if closes[s] > tops[s]), key=lambda s: (-ahead[s], s))
        words = f"above the high of {self.entry} sessions,", f"below the low of {self.exit} sessions,"
        sold = [sell(s, f"{words[1]} {floors[s]:.2f}") for s in view.held if s in enough and closes[s] < floors[s]]
        bought = [buy(s, 1 / self.parts, f"{words[0]} {tops[s]:.2f}", stop=self._stop(view.symbols[s])) for s in out]
        return rotate(view, self.parts, sold, bought)

    def _stop(self, one: Seen) -> float | None:
        return float(one.quote.last) - self.stop_ranges * one.indicators.atr_14 if self.stop_ranges else None
