"""Bull and Bear: one question a word of a debate, read as an argument for or against a candidate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NamedTuple

from pydantic import Field

from trading.agents.answers import ArgumentAnswer
from trading.agents.companies import Reports, Worth
from trading.agents.envelope import enclose, mixed_scripts, plain
from trading.agents.facts import Assessed, Figures, Number, Proposed, enclosed
from trading.agents.posing import Prompt, pose
from trading.agents.questions import Agent, Asking, Question
from trading.agents.reading import one_each, read_answer
from trading.agents.validator import Past
from trading.market import Snapshot
from trading.memory import Precedents
from trading.money import Record
from trading.proposals import Candidate
from trading.signals import Argument, Numbers, Validation


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

    @classmethod
    def of(cls, candidate: Candidate) -> CandidateFacts:
        """One candidate."""
        validation = candidate.validation
        return cls(
            proposal=Proposed.of(candidate.proposal),
            assessment=Assessed.of(candidate.assessment),
            validation=Validated.of(validation) if validation else NotValidated(),
        )


class Argued(Record):
    """One word of a debate, its text in envelopes."""

    speaker: str
    conviction: Number
    points: tuple[str, ...]
    rebuttal: str
    unsupported_numbers: Numbers
    mixed_scripts: bool

    @classmethod
    def of(cls, argument: Argument) -> Argued:
        """One argument."""
        return cls(
            speaker=plain(argument.speaker, 40),
            conviction=argument.conviction,
            points=enclosed(argument.points),
            rebuttal=enclose(argument.rebuttal, 400) if argument.rebuttal else "",
            unsupported_numbers=argument.uncited,
            mixed_scripts=mixed_scripts([*argument.points, argument.rebuttal]),
        )


class DebateFacts(Record):
    """What Bull and Bear are told: the candidate, its figures, and what was said of it so far, the oldest first.

    `precedents`, `fundamentals` and `earnings` are left out where there are none.
    """

    candidate: CandidateFacts
    figures: Figures
    arguments: tuple[Argued, ...]
    precedents: Annotated[Past | None, Field(exclude_if=lambda past: past is None)] = None
    fundamentals: Annotated[Worth | None, Field(exclude_if=lambda told: told is None)] = None
    earnings: Annotated[Reports | None, Field(exclude_if=lambda told: told is None)] = None


class Case(NamedTuple):
    """What is argued about, what was said of it so far, and what came of setups like it."""

    candidate: Candidate
    said: Sequence[Argument] = ()
    precedents: Precedents | None = None


def question(prompt: Prompt, case: Case, snapshot: Snapshot, ask: Asking) -> Question:
    """Ask for the next word; the prompt says for which side."""
    facts = snapshot.facts(case.candidate.proposal.symbol)
    told = DebateFacts(
        candidate=CandidateFacts.of(case.candidate),
        figures=Figures.of(facts),
        arguments=tuple(Argued.of(one) for one in case.said),
        precedents=Past.of(case.precedents),
        fundamentals=Worth.of(facts, snapshot.as_of),
        earnings=Reports.of(facts, snapshot.as_of),
    )
    return pose(prompt, told, ArgumentAnswer, ask)


def read(text: str, symbol: str, speaker: Agent) -> Argument:
    """Read one word about one symbol. Raises UnreadableAnswer."""
    [answer] = one_each([read_answer(text, ArgumentAnswer)], [symbol])
    return Argument(
        symbol=answer.symbol,
        speaker=speaker,
        conviction=float(answer.conviction),
        points=tuple(answer.points),
        rebuttal=answer.rebuttal,
    )
