"""The Validator: one question a proposal, read as a second opinion."""

from __future__ import annotations

from trading.agents.answers import ValidationAnswer
from trading.agents.facts import Assessed, Figures, Proposed
from trading.agents.posing import Prompt, pose
from trading.agents.questions import Asking, Question
from trading.agents.reading import one_each, read_answer
from trading.market import SymbolFacts
from trading.money import Record
from trading.proposals import Proposal
from trading.signals import RiskAssessment, Validation


class ValidatorFacts(Record):
    """What the Validator is told: the proposal with its argument, the numbers it had, and the RiskManager's word."""

    proposal: Proposed
    figures: Figures
    assessment: Assessed


def question(
    prompt: Prompt, proposal: Proposal, assessment: RiskAssessment, facts: SymbolFacts, ask: Asking
) -> Question:
    """Ask whether the numbers bear out what the DataAgent said of this symbol."""
    told = ValidatorFacts(proposal=Proposed.of(proposal), figures=Figures.of(facts), assessment=Assessed.of(assessment))
    return pose(prompt, told, ValidationAnswer, ask)


def read(text: str, symbol: str) -> Validation:
    """Read the answer about one symbol. Raises UnreadableAnswer."""
    [answer] = one_each([read_answer(text, ValidationAnswer)], [symbol])
    return Validation(
        symbol=answer.symbol,
        approved=answer.approved,
        confidence=float(answer.confidence),
        patterns=tuple(answer.patterns),
        concerns=tuple(answer.concerns),
        reasoning=answer.reasoning,
    )
