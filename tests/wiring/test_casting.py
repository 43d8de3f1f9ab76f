"""What a strategy names: models and prompts that can be had, or one line that says which cannot."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from adapters.anthropic_model import AnthropicModel
from settings import ModelSettings, Settings
from trading.agents.estimates import Tokens
from trading.agents.questions import Agent
from trading.errors import BadConfiguration
from trading.steps import Terms
from trading.strategy import Strategy
from wiring.budgets import budget_of
from wiring.casting import cast_of, vet_strategy_models

ANTHROPIC = SecretStr("sk-ant-secret")


def strategy(**changes: Any) -> Strategy:
    return Strategy.model_validate({"strategy_id": "mine", **changes})


def vetted(models: ModelSettings, /, **changes: Any) -> str:
    """Why a strategy is refused, empty when it is not."""
    try:
        vet_strategy_models(Settings(models=models), strategy(**changes))
    except BadConfiguration as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ""),
        ({"models": {"DataAgent": "claude-haiku-5-5", "MetaAgent": "rules-1"}, "prompts": {"DataAgent": "data-3"}}, ""),
        ({"models": {"DataAgent": "openai-chat:small"}}, ""),
        ({"models": {"DataAgent": "opus"}}, "no such model: opus (its provider is not known"),
        ({"models": {"DataAgent": "gpt-6-luna"}}, "OpenAI needs a key: set LLM_OPENAI_API_KEY"),
        ({"models": {"Validator": "claude-3-opus-20240229"}}, "claude-3-opus-20240229 is retired, use claude-opus-5-5"),
        ({"prompts": {"Validator": "data-3"}}, "no prompt data-3 for the Validator (there are validator-3)"),
    ],
)
def test_what_cannot_be_had_is_refused_in_one_line(changes: dict[str, Any], told: str) -> None:
    found = vetted(ModelSettings(anthropic_api_key=ANTHROPIC), **changes)
    assert found.startswith(told)
    assert bool(found) is bool(told)
    assert "\n" not in found


@pytest.mark.parametrize("budget", ["-0.01", "NaN", "Infinity"])
def test_a_budget_that_is_none_is_refused(budget: str) -> None:
    with pytest.raises(ValidationError):
        strategy(budget_usd_per_day=budget)
    for name in ("max_usd_per_cycle", "max_usd_per_day", "max_usd_per_month"):
        with pytest.raises(ValidationError):
            ModelSettings.model_validate({name: budget})


def test_less_is_never_asked_before_the_fallback_is() -> None:
    with pytest.raises(ValidationError, match="LLM_SKIP_AT must not be less than LLM_FALLBACK_AT"):
        ModelSettings(fallback_at=Decimal("0.9"), skip_at=Decimal("0.8"))
    budget = budget_of(ModelSettings(max_usd_per_month=Decimal(5), fallback_at=Decimal("0.5")))
    assert (budget.month.usd, budget.fallback_at, budget.skip_at) == (Decimal(5), Decimal("0.5"), Decimal("0.9"))


def test_a_model_that_strategies_name_is_built_once_over_its_vendors_one_client() -> None:
    cast = cast_of(ModelSettings(anthropic_api_key=ANTHROPIC, data_agent_fallback_model="claude-haiku-5-5"))
    terms = Terms(model="claude-opus-5-5")
    seat = cast.seat(Agent.DATA, terms)
    assert seat is cast.seat(Agent.DATA, terms)
    assert isinstance(seat.model, AnthropicModel)
    assert seat.model is cast.seats[Agent.META].model
    assert seat.fallback is not None
    assert (seat.asking.model, seat.fallback.asking.model) == ("claude-opus-5-5", "claude-haiku-5-5")
    # Its fallback is the desk's, unless that is the model itself.
    assert cast.seat(Agent.DATA, Terms(model="claude-haiku-5-5")).fallback is None
    assert cast.seat(Agent.DATA, Terms()) is cast.seats[Agent.DATA]
    with pytest.raises(BadConfiguration, match="needs a key"):
        cast.seat(Agent.DATA, Terms(model="gpt-6-luna"))


def test_a_seat_knows_the_most_that_its_calls_may_cost() -> None:
    cast = cast_of(ModelSettings(anthropic_api_key=ANTHROPIC, data_agent_model="openai-chat:small"))
    tokens = Tokens(told=10_000, standing=4_000, answered=8192)
    # 10,000 tokens at 4 dollars a million, 4,000 of them kept for an hour at twice that, 8,192 at 20.
    assert cast.seats[Agent.META].tariff(tokens) == Decimal("0.21984")
    assert cast.seats[Agent.DATA].tariff(tokens) is None
    assert cast.rules is not None
    assert [seat.is_free for seat in (cast.rules, cast.seats[Agent.META])] == [True, False]
