"""The RiskManager: one question for the whole batch, read as one assessment a proposal."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from trading.agents.answers import RiskAnswer
from trading.agents.facts import Books, Figures, Proposed
from trading.agents.posing import Prompt, pose
from trading.agents.questions import Asking, Question
from trading.agents.reading import one_each, read_answer
from trading.errors import UnreadableAnswer
from trading.instruments import Symbol
from trading.market import Snapshot
from trading.money import Record
from trading.proposals import Proposal
from trading.signals import RiskAssessment


class RiskFacts(Record):
    """What the RiskManager is told: the books, the proposals, and the figures of each proposed symbol."""

    books: Books
    proposals: tuple[Proposed, ...]
    figures: dict[Symbol, Figures]


def question(prompt: Prompt, proposals: Sequence[Proposal], books: Books, snapshot: Snapshot, ask: Asking) -> Question:
    """Ask how risky these proposals are together, in these books."""
    told = RiskFacts(
        books=books,
        proposals=tuple(Proposed.of(proposal) for proposal in proposals),
        figures={proposal.symbol: Figures.of(snapshot.facts(proposal.symbol)) for proposal in proposals},
    )
    return pose(prompt, told, RiskAnswer, ask)


def read(text: str, proposals: Sequence[Proposal]) -> tuple[RiskAssessment, ...]:
    """Read the answer: one assessment a proposal, in their order, none larger than asked. Raises UnreadableAnswer."""
    answers = one_each(read_answer(text, RiskAnswer).assessments, [proposal.symbol for proposal in proposals])
    for proposal, answer in zip(proposals, answers, strict=True):
        if answer.adjusted_quantity > proposal.quantity:
            asked = f"{proposal.quantity.normalize():f}"
            raise UnreadableAnswer(f"{proposal.symbol}: adjusted to {answer.adjusted_quantity}, asked for {asked}")
    return tuple(
        RiskAssessment(
            symbol=answer.symbol,
            approved=answer.approved,
            adjusted_quantity=Decimal(answer.adjusted_quantity if answer.approved else 0),
            risk_score=float(answer.risk_score),
            concerns=tuple(answer.concerns),
        )
        for answer in answers
    )
