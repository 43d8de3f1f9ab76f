"""A strategy: what it looks at, who decides, how much of the desk's equity it has, and how far it may go.

A desk has one or more. Each runs its own cycles, holds its own part of the desk's positions and cash, and is held to
limits of its own besides the desk's.
"""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, JsonValue, StringConstraints

from trading.agents.questions import Agent
from trading.approvals import ApprovalTerms
from trading.contest import Contest
from trading.evidence import Evidence
from trading.instruments import Symbol
from trading.limits import Budget, OwnLimits
from trading.money import DeskId, Fraction, Identifier, Record, Text
from trading.strategy_rules import StrategyRules

AGENTS = "agents"
"""The signal source that asks the four agents; also the name of the strategy that every desk begins with."""
MOST_STRATEGIES = 200
"""Each may run a cycle of its own at the same moment."""

MOST_ROUNDS = 3
"""Of a debate: what is said a fourth time was said before."""

STRATEGY_NAME = r"^[a-z0-9][a-z0-9-]{0,30}$"
StrategyId = Annotated[str, StringConstraints(pattern=STRATEGY_NAME)]
"""A strategy's short name."""
Source = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,119}$")]
"""`agents`, the name of a rule of `trading/rules/`, or a class of one's own: `my_strategies:Breakout2`."""


class Rung(StrEnum):
    """How far a strategy may go: decide and be scored, trade on paper, trade with money. Each includes those before."""

    SHADOW = "shadow"
    PAPER = "paper"
    LIVE = "live"


class Screen(Record):
    """A universe by what the market lists: prices in dollars a share, volume in dollars a day, the `most` by it."""

    min_price: Budget = Decimal("5.00")
    max_price: Budget | None = None
    min_dollar_volume: Budget = Decimal("1000000.00")
    sectors: tuple[str, ...] = ()
    most: Annotated[int, Field(ge=1, le=100)] = 20


class Universe(Record):
    """What a strategy looks at: symbols by name or by a screen; with neither, the desk's watchlist."""

    symbols: Annotated[tuple[Symbol, ...], Field(max_length=100)] = ()
    screen: Screen | None = None


class Strategy(Record):
    """One strategy of a desk.

    `allocation` is its part of the desk's equity; `models` and `prompts` name other models and versions than the
    desk's, by agent, and `budget_usd_per_day` is the most that they may cost in a day of UTC; `scan_times`, by
    `SCHEDULE_TIMEZONE`, replace the desk's; `rules`, `approval` and `limits` are its own where given. A strategy that
    is not `enabled` opens nothing, and keeps its exits and stops. Bull and Bear argue `debate_rounds` times before the
    MetaAgent decides; `heeds_memory` says whether setups that have failed before are denied: unset, those of agents.
    One that `challenges` another is its copy under other models or prompts, and thinks beside it.
    """

    strategy_id: StrategyId
    source: Source = AGENTS
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    universe: Universe = Universe()
    allocation: Fraction = Decimal(0)
    enabled: bool = True
    rung: Rung = Rung.SHADOW
    models: dict[Agent, Text] = Field(default_factory=dict)
    prompts: dict[Agent, Text] = Field(default_factory=dict)
    budget_usd_per_day: Budget | None = None
    scan_times: tuple[time, ...] | None = None
    limits: OwnLimits = OwnLimits()
    rules: StrategyRules | None = None
    approval: ApprovalTerms | None = None
    # Left out while they are what they always were, so that the events of other strategies say what they always said.
    debate_rounds: Annotated[int, Field(ge=0, le=MOST_ROUNDS, exclude_if=lambda rounds: not rounds)] = 0
    heeds_memory: Annotated[bool | None, Field(exclude_if=lambda heeds: heeds is None)] = None
    challenges: Annotated[StrategyId | None, Field(exclude_if=lambda champion: champion is None)] = None

    @property
    def asks_agents(self) -> bool:
        """Whether the four agents decide; else a rule does."""
        return self.source == AGENTS

    @property
    def is_funded(self) -> bool:
        """Whether its allocation is real: in shadow it has none of the desk's cash, and counts towards nothing."""
        return self.rung is not Rung.SHADOW

    @property
    def is_whole_desk(self) -> bool:
        """Whether it has all of the desk's equity, so that the desk's limits are its own."""
        return self.allocation == 1


def first_strategy() -> Strategy:
    """The one that every desk begins with: the agents, with all of the equity, on paper."""
    return Strategy(strategy_id=AGENTS, allocation=Decimal(1), rung=Rung.PAPER)


class StrategyChange(Record):
    """Somebody adds, changes or removes a strategy; `change_id` makes it happen once.

    `is_new`: there may be none of that name yet. `seen` is what it was to whoever decided: when it has become another
    meanwhile, nothing is changed. A change that says neither holds whatever there was. A promotion to a higher rung
    keeps its `evidence`, and whoever is crowned the `contest`, with the words of who `forced` it although something was
    missing.
    """

    desk_id: DeskId
    change_id: Identifier
    strategy: Strategy
    is_new: bool = False
    seen: Strategy | None = None
    removed: bool = False
    by: Annotated[str, Field(min_length=1, max_length=80)]
    reason: Text = ""
    evidence: Evidence | None = None
    contest: Contest | None = None
    forced: bool = False
    trace_id: Identifier = "none"
    at: AwareDatetime


class ChangeRefused(Record):
    """Why a strategy is not changed, in one line."""

    because: Text
