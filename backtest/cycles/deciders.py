"""Who decides in a replay: the agents' seats, or nobody but a rule."""

from __future__ import annotations

from dataclasses import dataclass, field

from activities.agents import Seat
from activities.casting import Cast
from adapters.prompts import read_prompts
from adapters.rule_loader import RuleLoader
from adapters.rules_model import RulesModel
from trading.agents.budget import Budget
from trading.agents.questions import Agent, Asking
from trading.ports import Journal
from trading.strategy_ports import Rules


def rules_cast() -> Cast:
    """The rules model in every seat: free, and the same answer to the same question."""
    seat = Seat(RulesModel(), Asking(model="rules-1"), is_free=True)
    return Cast(dict.fromkeys(Agent, seat), read_prompts(), seat)


@dataclass(frozen=True, slots=True)
class Deciders:
    """Who is asked. `cast` sits for the agents, on `budget`; `rules` finds a rule by its name.

    `journal` keeps the models' replies, so that no question is paid for twice; None is one in memory that ends with
    the run.
    """

    cast: Cast = field(default_factory=rules_cast)
    journal: Journal | None = None
    budget: Budget = field(default_factory=Budget)
    rules: Rules = field(default_factory=RuleLoader)
