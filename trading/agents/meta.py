"""The MetaAgent: one question for the portfolio, read as one decision a candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, NamedTuple

from pydantic import Field

from trading.agents.answers import MetaAnswer
from trading.agents.debate import Argued, CandidateFacts
from trading.agents.facts import Books, Figures, Money, Number
from trading.agents.posing import Prompt, pose
from trading.agents.questions import Agent, Asking, Question
from trading.agents.reading import one_each, read_answer
from trading.errors import UnreadableAnswer
from trading.instruments import Symbol
from trading.market import Snapshot
from trading.money import Record
from trading.proposals import Candidate
from trading.scores import AgentScore
from trading.signals import Argument, Decision, Verdict


class Scored(Record):
    """How good an agent's word was so far: fractions, and dollars of what it let pass and of what it stopped."""

    agent: Agent
    model: str
    opinions: int
    hit_rate: Number | None
    brier: Number | None
    approved_pnl: Money
    vetoed_pnl: Money

    @classmethod
    def of(cls, score: AgentScore) -> Scored:
        """One agent's score, without its curve and costs."""
        return cls.model_validate({name: getattr(score, name) for name in cls.model_fields})


class MetaFacts(Record):
    """What the MetaAgent is told: the books, the candidates, and the figures of each of their symbols.

    Scores of the agents and arguments by symbol are left out where there are none.
    """

    books: Books
    candidates: tuple[CandidateFacts, ...]
    figures: dict[Symbol, Figures]
    scores: Annotated[tuple[Scored, ...], Field(exclude_if=lambda scores: not scores)] = ()
    arguments: Annotated[dict[Symbol, tuple[Argued, ...]], Field(exclude_if=lambda said: not said)] = Field(
        default_factory=dict
    )


class Weighed(NamedTuple):
    """What is to be decided on, in which books, and whom to believe how far."""

    candidates: Sequence[Candidate]
    books: Books
    scores: Sequence[AgentScore] = ()
    arguments: Mapping[Symbol, Sequence[Argument]] = MappingProxyType({})


def question(prompt: Prompt, weighed: Weighed, snapshot: Snapshot, ask: Asking) -> Question:
    """Ask which of these candidates to trade, and how much of each."""
    candidates = weighed.candidates
    told = MetaFacts(
        books=weighed.books,
        candidates=tuple(CandidateFacts.of(c) for c in candidates),
        figures={c.proposal.symbol: Figures.of(snapshot.facts(c.proposal.symbol)) for c in candidates},
        scores=tuple(Scored.of(one) for one in weighed.scores),
        arguments={symbol: tuple(Argued.of(one) for one in said) for symbol, said in weighed.arguments.items()},
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
