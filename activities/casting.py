"""Who sits for each agent and what he is told: the desk's own, or what a strategy names in their place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from activities.calls import Seat
from trading.agents.posing import Prompt
from trading.agents.questions import Agent
from trading.errors import BadConfiguration
from trading.steps import Terms


def _nobody(agent: Agent, name: str) -> Seat:
    raise BadConfiguration(f"no model {name} can be had for the {agent} here")


def _nothing(agent: Agent, version: str) -> Prompt:
    raise BadConfiguration(f"no prompt {version} for the {agent} here")


@dataclass(frozen=True, slots=True)
class Cast:
    """The desk's seats and prompts, and the way to others: a model by its name, a prompt by its version.

    `rules` answer, free, where no model may be asked for want of budget; without them an agent abstains. What there is
    not, `named` and `version` raise BadConfiguration for.
    """

    seats: Mapping[Agent, Seat]
    prompts: Mapping[Agent, Prompt]
    rules: Seat | None = None
    named: Callable[[Agent, str], Seat] = _nobody
    version: Callable[[Agent, str], Prompt] = _nothing

    def seat(self, agent: Agent, terms: Terms) -> Seat:
        """Who sits for an agent on a strategy's terms."""
        return self.named(agent, terms.model) if terms.model else self.seats[agent]

    def prompt(self, agent: Agent, terms: Terms) -> Prompt:
        """What the agent is told on a strategy's terms, or in the words that came with the question."""
        if terms.words is not None:
            return terms.words
        return self.version(agent, terms.prompt) if terms.prompt else self.prompts[agent]
