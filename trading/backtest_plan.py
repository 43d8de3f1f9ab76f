"""All that defines a backtest: run twice, the same plan over the same data gives the same result."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field, JsonValue, model_validator

from trading.breaker_rules import BreakerRules
from trading.costs import Costs, Rate
from trading.instruments import Symbol
from trading.limits import Limits
from trading.money import ZERO, Dollars, Fraction, Quantity, Record, Text
from trading.orders import Style
from trading.precedents import Heed
from trading.strategy import MOST_ROUNDS

Yearly = Annotated[Decimal, Field(ge=0, le=1, allow_inf_nan=False)]


class FillAt(StrEnum):
    """Where a market order that was decided at a close is filled."""

    NEXT_OPEN = "next_open"
    CLOSE = "close"


class Engine(StrEnum):
    """What replays: whole cycles, or columns."""

    CYCLES = "cycles"
    COLUMNS = "columns"


class SizedBy(StrEnum):
    """What an entry's size is taken from."""

    FIXED = "fixed"
    EQUITY = "equity"


class Sizing(Record):
    """How many shares an entry is of: `fixed` shares, or whole shares for a part of the `equity` at the close."""

    by: SizedBy
    amount: Quantity


class Frictions(Record):
    """What trading and holding costs beside `Costs`.

    `spread_bps` is the whole spread in basis points of the price, of which each side pays half. One bar fills at most
    `volume_share` of its volume (None: any number). `borrow_rate` a year on the value of what is short, `cash_rate` a
    year on cash above nothing, both counted by calendar days over 365. With `ticks` a fill is in whole ticks, rounded
    against us, as a broker's: right for prices as they were quoted, wrong for adjusted ones, which are of no tick.
    """

    costs: Costs = Costs(slippage_bps=ZERO)
    spread_bps: Rate = ZERO
    volume_share: Fraction | None = None
    borrow_rate: Yearly = ZERO
    cash_rate: Yearly = ZERO
    ticks: bool = False


class Plan(Record):
    """A backtest of one strategy.

    `strategy` is `agents`, a rule by its name, or a class by its import path; `parameters` are the rule's. Sessions
    from `from_on` to `to_on` are traded, both included; earlier ones only warm up. `sizing` None leaves it to the
    weights of the strategy; `limits` None is no limits, `breaker` None nothing that halts. `style` is how entries go
    out. `intrabar`: stops, targets and limit orders meet each bar's open, high and low, the worst first; without it
    they meet its close alone. `seed` is that of whatever is drawn. `mask` hides names, sectors and levels of prices
    from whoever decides. With `heed` the run remembers its own decisions, and denies setups whose like has failed so
    often; None remembers nothing. Bull and Bear argue `debate_rounds` times, where agents decide.
    """

    strategy: Text
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    symbols: Annotated[tuple[Symbol, ...], Field(min_length=1, max_length=1000)]
    from_on: date
    to_on: date
    cash: Annotated[Dollars, Field(gt=0)] = Decimal(100_000)
    frictions: Frictions = Frictions()
    fill: FillAt = FillAt.NEXT_OPEN
    sizing: Sizing | None = None
    limits: Limits | None = Limits()
    breaker: BreakerRules | None = None
    style: Style = Style()
    intrabar: bool = True
    benchmark: Symbol | None = None
    seed: Annotated[int, Field(ge=0)] = 0
    mask: bool = False
    heed: Heed | None = Field(default=None, exclude_if=lambda heed: heed is None)
    debate_rounds: Annotated[int, Field(ge=0, le=MOST_ROUNDS, exclude_if=lambda rounds: not rounds)] = 0

    @model_validator(mode="after")
    def _forwards(self) -> Plan:
        if self.from_on > self.to_on:
            raise ValueError(f"from {self.from_on} is after to {self.to_on}")
        return self
