"""The winners of the last year."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from trading.money import Record
from trading.rules.rule import Parts, Sessions, buy, rotate, sell
from trading.rules.view import View
from trading.signals import Signal


class MomentumRanking(Record):
    """Hold the `top` of all symbols by return, an equal part of the equity each; sell what is no longer among them.

    The return is of the close `skip` sessions ago over the one `lookback` sessions ago: 12-1 months, because the last
    month reverses. Where a history is shorter than that (but not than half of it) all are ranked over the shortest.
    Of no more symbols than there are places nothing is bought: that is no ranking, but a look at what moved.
    Jegadeesh and Titman, *Returns to Buying Winners and Selling Losers*, Journal of Finance 48 (1993); the month left
    out as in Fama and French, *Multifactor Explanations*, Journal of Finance 51 (1996).
    """

    top: Parts = 5
    lookback: Sessions = 252
    skip: Annotated[int, Field(ge=0, le=60)] = 21

    @model_validator(mode="after")
    def _skip_within_lookback(self) -> MomentumRanking:
        if self.skip >= self.lookback:
            raise ValueError(f"skip ({self.skip}) must be less than lookback ({self.lookback})")
        return self

    def signals(self, view: View) -> list[Signal]:
        """Sell what fell out of the top, buy what came into it."""
        least = max(self.lookback // 2, self.skip + 1)
        closes = {symbol: one.bars.close for symbol, one in view.symbols.items() if len(one.bars) > least}
        reach = min([self.lookback, *(len(close) - 1 for close in closes.values())])
        returns = {s: float(c[-1 - self.skip] / c[-1 - reach]) - 1 for s, c in closes.items()}
        ranked = sorted(returns, key=lambda s: (-returns[s], s))
        words = {
            s: f"rank {i} of {len(ranked)}: {returns[s]:+.1%} over {reach} sessions" for i, s in enumerate(ranked, 1)
        }
        winners = ranked[: self.top]
        sold = [sell(s, words[s]) for s in view.held if s in returns and s not in winners]
        bought = [buy(s, 1 / self.top, words[s]) for s in winners if len(ranked) > self.top]
        return rotate(view, self.top, sold, bought)
