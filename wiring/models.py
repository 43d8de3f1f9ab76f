"""Who sits for each agent, by the settings."""

from __future__ import annotations

from activities.agents import Seat
from adapters import rules_model
from adapters.rules_model import RulesModel
from settings import ModelSettings
from trading.agents.questions import Agent, Asking
from trading.errors import BadConfiguration


def seats_of(models: ModelSettings) -> dict[Agent, Seat]:
    """The model of each agent. Raises BadConfiguration for a name that no provider has."""
    names = {
        Agent.DATA: models.data_agent_model,
        Agent.RISK: models.risk_agent_model,
        Agent.VALIDATOR: models.validator_model,
        Agent.META: models.meta_agent_model,
    }
    unknown = set(names.values()) - {rules_model.NAME}
    if unknown:
        message = f"no such model: {', '.join(sorted(unknown))} (this version knows {rules_model.NAME})"
        raise BadConfiguration(message)
    return {agent: Seat(model=RulesModel(), asking=Asking(model=name)) for agent, name in names.items()}
