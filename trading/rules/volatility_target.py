"""As much of each as its risk allows."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trading.indicators import realised_volatility
from trading.money import Record
from trading.rules.rule import Parts, Sessions, buy, sell
from trading.rules.view import View
from trading.signals import Signal


class VolatilityTarget(Record):
    """Hold every symbol, each in a part of the equity cut by its own volatility: less of it the more it moves.

    A position is worth min(1, `target` / volatility) of one of `parts` equal parts, so nothing is borrowed.
    Volatility is the deviation of daily log returns over `sessions`, and `target` such a number: fractions a year.
    It is brought back when it is off by more than `tolerance` of what it should be, which spares costs. Positions
    diversify: the equity moves less than `target`. Moreira and Muir, *Volatility-Managed Portfolios*, Journal of
    Finance 72 (2017); each symbol by itself as in Moskowitz, Ooi and Pedersen, *Time Series Momentum* (2012).
    """

    target: Annotated[float, Field(ge=0.01, le=1, allow_inf_nan=False)] = 0.15
    sessions: Annotated[Sessions, Field(ge=5)] = 20
    tolerance: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.2
    parts: Parts = 10

    def signals(self, view: View) -> list[Signal]:
        """Sell what is too much, buy what is missing of what is watched; new positions while parts are free."""
        moving = {one.symbol for one in view.open_orders}
        sold, missing, new = list[Signal](), list[Signal](), list[Signal]()
        for symbol, one in sorted(view.symbols.items()):
            if symbol in moving or len(one.bars) <= self.sessions:
                continue
            risk, held = float(realised_volatility(one.bars.close, self.sessions)[-1]), max(view.weight(symbol), 0.0)
            wanted = min(1.0, self.target / max(risk, 1e-9)) / self.parts
            words = f"volatility {risk:.1%}: {wanted:.2%} instead of {held:.2%} of equity"
            if held - wanted > self.tolerance * wanted:
                sold.append(sell(symbol, words, weight=held - wanted))
            elif wanted - held > self.tolerance * wanted and symbol in view.watched:
                (missing if symbol in view.positions else new).append(buy(symbol, wanted - held, words))
        return [*sold, *missing[: self.parts], *new[: max(self.parts - len(view.taken), 0)]]
