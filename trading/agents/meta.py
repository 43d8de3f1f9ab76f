"""The MetaAgent: one question for the portfolio, read as one decision a candidate."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from trading.agents.answers import MetaAnswer
from trading.agents.envelope import mixed_scripts
from trading.agents.facts import Assessed, Books, Figures, Number, Proposed, enclosed
from trading.agents.posing import Prompt, pose
from trading.agents.questions import Asking, Question
from trading.agents.reading import one_each, read_answer
from trading.errors import UnreadableAnswer
from trading.instruments import Symbol
from trading.market import Snapshot
from trading.money import Record
from trading.proposals import Candidate
from trading.signals import Decision, Numbers, Validation, Verdict


class Validated(Record):
    """The Validator's word; its own text comes in envelopes."""

    confidence: Number
    patterns: tuple[str, ...]
    concerns: tuple[str, ...]
    unsupported_numbers: Numbers
    mixed_scripts: bool

    @classmethod
    def of(cls, validation: Validation) -> Validated:
        """The Validator's word without its summary, which the concerns already make."""
        return cls(
            confidence=validation.confidence,
            patterns=validation.patterns,
            concerns=enclosed(validation.concerns),
            unsupported_numbers=validation.uncited,
            mixed_scripts=mixed_scripts(validation.concerns),
        )


class NotValidated(Record):
    """That there is no second opinion, in words."""

    not_asked: str = "The Validator was not asked, for want of budget. There is no second opinion on this candidate."


class CandidateFacts(Record):
    """A proposal with what the others said of it."""

    proposal: Proposed
    assessment: Assessed
    validation: Validated | NotValidated


class MetaFacts(Record):
    """What the MetaAgent is told: the books, the candidates, and the figures of each of their symbols."""

    books: Books
    candidates: tuple[CandidateFacts, ...]
    figures: dict[Symbol, Figures]


def question(
    prompt: Prompt, candidates: Sequence[Candidate], books: Books, snapshot: Snapshot, ask: Asking
) -> Question:
    """Ask which of these candidates to trade, and how much of each."""
    told = MetaFacts(
        books=books,
        candidates=tuple(
            CandidateFacts(
                proposal=Proposed.of(c.proposal),
                assessment=Assessed.of(c.assessment),
                validation=Validated.of(c.validation) if c.validation else NotValidated(),
            )
            for c in candidates
        ),
        figures={c.proposal.symbol: Figures.of(snapshot.facts(c.proposal.symbol)) for c in candidates},
    )
    return pose(prompt, told, MetaAnswer, ask)


def read(text: str, candidates: Sequence[Candidate]) -> tuple[Decision, ...]:
    """Read the answer: one decision a candidate, in their order, none larger than approved. Raises UnreadableAnswer."""
    answers = one_each(read_answer(text, MetaAnswer).decisions, [candidate.proposal.symbol for candidate in candidates])
    for candidate, answer in zip(candidates, answers, strict=True):
        approved = candidate.assessment.adjusted_quantity
        if answer.quantity > approved:
            raise UnreadableAnswer(f"{answer.symbol}: decided {answer.quantity}, approved {approved.normalize():f}")
    return tuple(
        Decision(
            symbol=answer.symbol,
            verdict=answer.verdict,
            quantity=Decimal(answer.quantity if answer.verdict is Verdict.EXECUTE else 0),
            rationale=answer.rationale,
        )
        for answer in answers
    )
