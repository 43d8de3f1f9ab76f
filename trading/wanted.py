"""A trade that a person proposes, before the limits have had their say."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from trading.breaker import Who
from trading.instruments import Side, Symbol
from trading.money import ZERO, Fraction, Price, Quantity, Record
from trading.signals import Action, Horizon, Signal


class WantedTrade(Record):
    """A trade as somebody wants it: shares or a part of the strategy's equity; a sale without a size is of all of it.

    `stop` and `target` are dollars a share, `horizon_days` exchange sessions.
    """

    side: Side
    symbol: Symbol
    shares: Quantity | None = None
    weight: Fraction | None = None
    stop: Price | None = None
    target: Price | None = None
    horizon_days: Horizon = 20
    reason: Annotated[str, Field(min_length=1, max_length=400, pattern=r"\S")]

    @model_validator(mode="after")
    def _has_one_size(self) -> Self:
        if self.shares is not None and self.weight is not None:
            message = "a size is in shares or a part of the equity, not both"
            raise ValueError(message)
        if self.side is Side.BUY and not (self.shares or self.weight):
            message = "a buy needs a size: shares, or a part of the equity"
            raise ValueError(message)
        if self.side is Side.SELL and ZERO in {self.shares, self.weight}:
            message = "a sale of nothing is none"
            raise ValueError(message)
        return self


class OperatorTrade(WantedTrade):
    """A trade that a person proposes: it stands where the agents' words would, and the limits hold it like theirs."""

    by: Who = "operator"

    @property
    def signal(self) -> Signal:
        """The same as the pipeline takes it: nobody is surer than who asks for it himself."""
        return Signal(
            symbol=self.symbol,
            action=Action(self.side.value),
            confidence=1.0,
            quantity=self.shares,
            weight=self.weight,
            stop=self.stop,
            target=self.target,
            horizon_days=self.horizon_days,
            reasoning=self.reason,
        )
