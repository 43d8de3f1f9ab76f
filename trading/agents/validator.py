"""The Validator: one question a proposal, read as a second opinion."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import Field

from trading.agents.answers import ValidationAnswer
from trading.agents.companies import Reports, Worth
from trading.agents.envelope import enclose, plain
from trading.agents.facts import Assessed, Figures, Number, Proposed
from trading.agents.posing import Prompt, pose
from trading.agents.questions import Asking, Question
from trading.agents.reading import one_each, read_answer
from trading.instruments import Symbol
from trading.market import Snapshot
from trading.memory import Course, Precedents, Recalled
from trading.money import Record
from trading.proposals import Proposal
from trading.signals import RiskAssessment, Validation

MOST_LESSON = 300
"""Characters of a lesson."""


class Case(NamedTuple):
    """What is to be validated, with what came of setups like it."""

    proposal: Proposal
    assessment: RiskAssessment
    precedents: Precedents | None = None


class Precedent(Record):
    """What came of a setup like the one at hand; its lesson comes in an envelope. Fractions of the entry."""

    symbol: Symbol
    distance: Number
    traded: bool
    return_fraction: Number
    benchmark_return: Number | None
    sessions: int
    ended: str
    lesson: str

    @classmethod
    def of(cls, recalled: Recalled) -> Precedent:
        """One that was recalled."""
        return cls.model_validate(
            {
                "symbol": recalled.symbol,
                "distance": recalled.distance,
                "traded": recalled.course is Course.TRADED,
                "return_fraction": recalled.return_fraction,
                "benchmark_return": recalled.benchmark_return,
                "sessions": recalled.sessions,
                "ended": plain(recalled.exit_reason, 80),
                "lesson": enclose(recalled.lesson, MOST_LESSON) if recalled.lesson else "",
            }
        )


class Past(Record):
    """Precedents, wins and losses apart; `too_many_failed` are code's own words, where it flags the case."""

    wins: tuple[Precedent, ...]
    losses: tuple[Precedent, ...]
    too_many_failed: Annotated[str, Field(exclude_if=lambda words: not words)] = ""

    @classmethod
    def of(cls, precedents: Precedents | None) -> Past | None:
        """What there is to tell; None of nothing."""
        if precedents is None or not (precedents.wins or precedents.losses):
            return None
        return cls(
            wins=tuple(Precedent.of(one) for one in precedents.wins),
            losses=tuple(Precedent.of(one) for one in precedents.losses),
            too_many_failed=precedents.because,
        )


class ValidatorFacts(Record):
    """What the Validator is told: the proposal with its argument, the numbers it had, and the RiskManager's word.

    `precedents`, `fundamentals` and `earnings` are left out where there are none.
    """

    proposal: Proposed
    figures: Figures
    assessment: Assessed
    precedents: Annotated[Past | None, Field(exclude_if=lambda past: past is None)] = None
    fundamentals: Annotated[Worth | None, Field(exclude_if=lambda told: told is None)] = None
    earnings: Annotated[Reports | None, Field(exclude_if=lambda told: told is None)] = None


def question(prompt: Prompt, case: Case, snapshot: Snapshot, ask: Asking) -> Question:
    """Ask whether the numbers bear out what the DataAgent said of this symbol."""
    facts = snapshot.facts(case.proposal.symbol)
    told = ValidatorFacts(
        proposal=Proposed.of(case.proposal),
        figures=Figures.of(facts),
        assessment=Assessed.of(case.assessment),
        precedents=Past.of(case.precedents),
        fundamentals=Worth.of(facts, snapshot.as_of),
        earnings=Reports.of(facts, snapshot.as_of),
    )
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
