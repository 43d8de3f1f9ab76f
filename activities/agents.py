"""Asking the four agents: build the question from the stored snapshot, look in the journal, ask, keep, read.

An answer that cannot be read is asked for once more, with what was wrong; then the agent abstains.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from temporalio import activity

from activities.calls import Calls, Seat
from trading.agents import data, meta, risk, validator
from trading.agents.budget import Budget
from trading.agents.citations import checked
from trading.agents.envelope import plain
from trading.agents.posing import Prompt
from trading.agents.questions import Agent, Asking, ModelCall, Question, repaired
from trading.agents.reading import words_of
from trading.errors import BudgetSpent, ModelRefused, ModelUnavailable, TradingError, UnreadableAnswer
from trading.money import MOST_TEXT
from trading.ports import Journal, Snapshots
from trading.signals import Abstention
from trading.steps import (
    AssessmentAsked,
    AssessmentsHeard,
    Cycle,
    DecisionAsked,
    DecisionsHeard,
    SignalAsked,
    SignalHeard,
    Source,
    ValidationAsked,
    ValidationHeard,
)

__all__ = ["AgentActivities", "Seat"]

Answer_co = TypeVar("Answer_co", covariant=True)

# From this try of the step on, a fallback answers for a model that does not: two tries may be a short illness.
FALLBACK_FROM = 3


@dataclass(frozen=True, slots=True)
class _Case(Generic[Answer_co]):
    """One thing to ask an agent: how the question is put to a model, and how the text that comes is read."""

    agent: Agent
    cycle: Cycle
    pose: Callable[[Asking], Question]
    read: Callable[[str, Question], Answer_co]
    symbol: str | None = None


class AgentActivities:
    """The four agents. Only the process that serves this queue holds the models' keys."""

    def __init__(
        self,
        seats: Mapping[Agent, Seat],
        prompts: Mapping[Agent, Prompt],
        journal: Journal,
        snapshots: Snapshots,
        budget: Budget = Budget(),  # noqa: B008  a frozen record without any cap
    ) -> None:
        self._seats = seats
        self._prompts = prompts
        self._calls = Calls(journal, budget)
        self._snapshots = snapshots

    @activity.defn
    async def ask_data(self, asked: SignalAsked) -> SignalHeard:
        """Ask the DataAgent about one symbol.

        Repeat: a reply that arrived is in the journal and is read again; only a call in flight at a crash is made
        twice.
        """
        snapshot, prompt = await self._snapshots.load(asked.snapshot_id), self._prompts[Agent.DATA]
        facts = snapshot.facts(asked.symbol)
        case = _Case(
            agent=Agent.DATA,
            cycle=asked.cycle,
            pose=lambda ask: data.question(prompt, facts, asked.books, snapshot.as_of, ask),
            read=lambda text, question: checked(data.read(text, asked.symbol), question.facts),
            symbol=asked.symbol,
        )
        answer, source = await self._hear(case)
        return SignalHeard(answer=answer, source=source)

    @activity.defn
    async def ask_risk(self, asked: AssessmentAsked) -> AssessmentsHeard:
        """Ask the RiskManager about the batch.

        Repeat: as `ask_data`.
        """
        snapshot, prompt = await self._snapshots.load(asked.snapshot_id), self._prompts[Agent.RISK]
        case = _Case(
            agent=Agent.RISK,
            cycle=asked.cycle,
            pose=lambda ask: risk.question(prompt, asked.proposals, asked.books, snapshot, ask),
            read=lambda text, question: tuple(checked(one, question.facts) for one in risk.read(text, asked.proposals)),
        )
        answer, source = await self._hear(case)
        return AssessmentsHeard(answer=answer, source=source)

    @activity.defn
    async def ask_validator(self, asked: ValidationAsked) -> ValidationHeard:
        """Ask the Validator about one proposal.

        Repeat: as `ask_data`.
        """
        symbol, prompt = asked.proposal.symbol, self._prompts[Agent.VALIDATOR]
        facts = (await self._snapshots.load(asked.snapshot_id)).facts(symbol)
        case = _Case(
            agent=Agent.VALIDATOR,
            cycle=asked.cycle,
            pose=lambda ask: validator.question(prompt, asked.proposal, asked.assessment, facts, ask),
            read=lambda text, question: checked(validator.read(text, symbol), question.facts),
            symbol=symbol,
        )
        answer, source = await self._hear(case)
        return ValidationHeard(answer=answer, source=source)

    @activity.defn
    async def ask_meta(self, asked: DecisionAsked) -> DecisionsHeard:
        """Ask the MetaAgent about every candidate.

        Repeat: as `ask_data`.
        """
        snapshot, prompt = await self._snapshots.load(asked.snapshot_id), self._prompts[Agent.META]
        case = _Case(
            agent=Agent.META,
            cycle=asked.cycle,
            pose=lambda ask: meta.question(prompt, asked.candidates, asked.books, snapshot, ask),
            read=lambda text, question: tuple(
                checked(one, question.facts) for one in meta.read(text, asked.candidates)
            ),
        )
        answer, source = await self._hear(case)
        return DecisionsHeard(answer=answer, source=source)

    async def _hear(self, case: _Case[Answer_co]) -> tuple[Answer_co | Abstention, Source]:
        """The answer of the agent's seat or of its fallback. Raises ModelUnavailable while another try may help."""
        seat, began = self._seats[case.agent], time.monotonic()
        while True:
            late = seat.fallback is not None and _attempt() >= FALLBACK_FROM
            question = case.pose(seat.asking)
            try:
                return await self._answer(case, question, seat, seat.patience_seconds if late else None, began)
            except BudgetSpent as spent:
                return _abstention(case, spent), _source(question)
            except ModelRefused as refused:
                if seat.fallback is None:
                    return _abstention(case, refused), _source(question)
                seat = seat.fallback
            except ModelUnavailable:
                if seat.fallback is None or not late:
                    raise
                seat = seat.fallback

    async def _answer(
        self, case: _Case[Answer_co], question: Question, seat: Seat, patience: float | None, began: float
    ) -> tuple[Answer_co | Abstention, Source]:
        """What this seat's model says, asked once more when nobody can read it; raises only when no reply came."""
        call = await self._calls.reply(question, seat, case.cycle, patience)
        source = _source(question, call)
        try:
            return case.read(words_of(call.reply), question), source
        except ModelRefused as refused:
            return _abstention(case, refused), source
        except UnreadableAnswer as wrong:
            if question.repair is not None:
                return _abstention(case, wrong), source
            if not _has_time(began):
                message = f"{question.model}: an answer that cannot be read came late, the next try repairs it"
                raise ModelUnavailable(message) from None
            return await self._answer(case, repaired(question, call.reply.text, str(wrong)), seat, patience, began)


def _has_time(began: float) -> bool:
    """Whether this try of the step has as long before it as behind it: a repair takes about as long as its answer did.

    One that the step's end cuts off is paid for and lost; the next try finds the answer kept, and all of its time.
    """
    whole = activity.info().start_to_close_timeout if activity.in_activity() else None
    return whole is None or time.monotonic() - began <= whole.total_seconds() / 2


def _attempt() -> int:
    return activity.info().attempt if activity.in_activity() else 1


def _abstention(case: _Case[Answer_co], error: TradingError) -> Abstention:
    return Abstention(symbol=case.symbol, cause=type(error).__name__, reason=str(error)[:MOST_TEXT])


def _source(question: Question, call: ModelCall | None = None) -> Source:
    return Source(
        model=plain(call.reply.model, 120) if call else question.model,
        prompt_version=question.prompt_version,
        prompt_hash=question.prompt_hash,
        call_id=question.call_id,
    )
