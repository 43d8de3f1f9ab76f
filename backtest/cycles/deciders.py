"""Who decides in a replay: the agents' seats, or nobody but a rule."""

from __future__ import annotations

from dataclasses import dataclass, field

from activities.agents import Seat
from activities.casting import Cast
from adapters.prompts import read_prompts
from adapters.rule_loader import RuleLoader
from adapters.rules_model import RulesModel
from backtest.cycles.meter import Meter
from trading.agents.budget import Budget
from trading.agents.questions import Agent, Asking
from trading.ports import Journal
from trading.strategy_ports import Rules

PAUSES = (0.5, 1.0, 2.0, 4.0)
"""As live, where a step has five tries."""


def rules_cast() -> Cast:
    """The rules model in every seat: free, and the same answer to the same question."""
    seat = Seat(RulesModel(), Asking(model="rules-1"), is_free=True)
    return Cast(dict.fromkeys(Agent, seat), read_prompts(), seat)


@dataclass(frozen=True, slots=True)
class Deciders:
    """Who is asked. `cast` sits for the agents, `rules` finds a rule by its name.

    `journal` keeps the models' replies, so that no question is paid for twice; None is one that ends with the run.
    `meter` is what the run may spend, and says afterwards what it did. A model that does not answer is asked again
    after each of the `pauses`, in seconds. `budget` holds no cap; of it the price of unknown models counts.
    """

    cast: Cast = field(default_factory=rules_cast)
    journal: Journal | None = None
    budget: Budget = field(default_factory=Budget)
    rules: Rules = field(default_factory=RuleLoader)
    meter: Meter = field(default_factory=Meter)
    pauses: tuple[float, ...] = PAUSES
