"""Models that cost what a test says, in seats that know it: a cast for a desk whose budget runs out."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from activities.calls import Seat
from activities.casting import Cast
from adapters.prompts import read_library
from adapters.rules_model import RulesModel
from trading.agents.estimates import Tokens
from trading.agents.questions import Agent, Asking, Question, Reply, Usage
from trading.ports import LanguageModel

RULES = Seat(RulesModel(), Asking(model="rules-1"), is_free=True)


class Dear:
    """A model that answers as another does, for a price; None when nobody knows it. `asked` are its questions."""

    def __init__(self, model: LanguageModel, usd: str | None = "0.1") -> None:
        self.asked: list[Question] = []
        self._model = model
        self._usd = usd

    async def answer(self, question: Question) -> Reply:
        self.asked.append(question)
        reply = await self._model.answer(question)
        cost = None if self._usd is None else Decimal(self._usd)
        used = Usage(input_tokens=900, output_tokens=100)
        return reply.model_copy(update={"cost_usd": cost, "usage": used, "model": question.model})

    def of(self, agent: Agent) -> int:
        """How often it was asked as this agent."""
        return sum(question.agent is agent for question in self.asked)


def seat(model: LanguageModel, usd: str | None = "0.1", name: str = "dear-1", fallback: Seat | None = None) -> Seat:
    """A seat whose calls take this much at most; None for a price that nobody knows."""

    def tariff(tokens: Tokens) -> Decimal | None:
        return None if usd is None else Decimal(usd)

    return Seat(model, Asking(model=name, parameters={"max_tokens": 1000}), fallback, tariff=tariff)


def cast(usual: Seat, named: Mapping[str, Seat] | None = None) -> Cast:
    """One seat for all agents, the rules behind them, and others by their names."""
    library, others = read_library(), named or {}
    return Cast(
        seats=dict.fromkeys(Agent, usual),
        prompts=library.usual,
        rules=RULES,
        named=lambda _, name: others[name],
        version=library.version,
    )
