"""What the agents are told and what asking them may cost, by the settings."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.prompts import read_prompts
from settings import ModelSettings
from trading.agents.budget import Budget, Caps
from trading.agents.posing import Prompt
from trading.agents.questions import Agent


def prompts_of(models: ModelSettings) -> Mapping[Agent, Prompt]:
    """The agents' prompts. Raises BadConfiguration for a folder or a file that cannot be used."""
    return read_prompts(models.prompts_dir)


def budget_of(models: ModelSettings) -> Budget:
    """The caps on spending."""
    return Budget(
        cycle=Caps(calls=models.max_calls_per_cycle, tokens=models.max_tokens_per_cycle, usd=models.max_usd_per_cycle),
        day=Caps(calls=models.max_calls_per_day, tokens=models.max_tokens_per_day, usd=models.max_usd_per_day),
    )
