"""A model without a model: sets of plain rules that answer from a question's facts, free and always the same.

It is the default without keys, and the baseline that a language model has to beat.

| agent | says | when |
|---|---|---|
| DataAgent | buy, trend | six votes on the trend reach +0.85 of ±1, RSI below 75, price not above the upper band |
| | buy, reversion | long trend up, RSI below 35, price within 1 % of the lower band |
| | sell | held and the votes fall to -0.4, or RSI above 75 and price above the upper band |
| | hold | otherwise: held or ordered already, thinly traded, or evidence that is mixed |
| RiskManager | refuse | realised volatility above 80 % a year, risk above 0.75, or nothing left after halving |
| | halve | volatility above 40 %; again for each surer buy or holding of the same sector |
| | approve | otherwise; a sale of what is held always |
| Validator | reject | long trend and momentum down, RSI above 80, a wrong stop, a cited number not in the facts |
| | approve | otherwise; more sure for each pattern that agrees, less for each doubt and near loss |
| MetaAgent | execute | a sale; the five best buys whose mean confidence less its part at risk reaches 0.35 |
| Bull | argues | the patterns for the candidate; surer for each, a quarter moved by each word of Bear's |
| Bear | argues | its contradictions, misquotes and near losses; less sure for each, moved likewise |
| Reflector | says | how it ended, whether the market did, and who was sure and wrong |
| Inquirer | answer | one of the questions that `inquirer_words` lists, by templates over the tools |

The exact numbers stand at the top of each file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from pydantic import JsonValue, ValidationError

from adapters.rules_model import data, debate, inquirer, meta, reflector, risk, validator
from trading.agents.data import DataFacts
from trading.agents.debate import DebateFacts
from trading.agents.inquirer import InquirerFacts
from trading.agents.meta import MetaFacts
from trading.agents.questions import Agent, Question, Reply, Usage
from trading.agents.reflector import ReflectorFacts
from trading.agents.risk import RiskFacts
from trading.agents.validator import ValidatorFacts
from trading.errors import ModelRefused
from trading.events import canonical

NAME = "rules-1"
"""The rules' name; other rules are another model."""

NOTHING = Usage(input_tokens=0, output_tokens=0)

_RULES: Mapping[Agent, Callable[[Any], dict[str, JsonValue]]] = {
    Agent.DATA: lambda facts: data.signal(DataFacts.model_validate(facts)),
    Agent.RISK: lambda facts: risk.assess(RiskFacts.model_validate(facts)),
    Agent.VALIDATOR: lambda facts: validator.validate(ValidatorFacts.model_validate(facts)),
    Agent.META: lambda facts: meta.decide(MetaFacts.model_validate(facts)),
    Agent.BULL: lambda facts: debate.bull(DebateFacts.model_validate(facts)),
    Agent.BEAR: lambda facts: debate.bear(DebateFacts.model_validate(facts)),
    Agent.REFLECTOR: lambda facts: reflector.reflect(ReflectorFacts.model_validate(facts)),
    Agent.INQUIRER: lambda facts: inquirer.inquire(InquirerFacts.model_validate(facts)),
}


class RulesModel:
    """Answers by rule. Implements the port `LanguageModel`."""

    async def answer(self, question: Question) -> Reply:
        """Answer from the facts alone. Raises ModelRefused for an agent without rules, or facts it cannot read."""
        rules = _RULES.get(question.agent)
        if rules is None:
            raise ModelRefused(f"{NAME} has no rules for {question.agent}")
        try:
            said = rules(question.facts)
        except ValidationError as wrong:
            raise ModelRefused(
                f"{NAME} cannot read the facts for {question.agent}: {wrong.error_count()} errors"
            ) from None
        return Reply(text=canonical(said), model=NAME, usage=NOTHING, cost_usd=Decimal(0))
