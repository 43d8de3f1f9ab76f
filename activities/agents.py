"""Asking the four agents: build the question from the stored snapshot, look in the journal, ask, keep, read.

An answer that cannot be read is asked for once more, with what was wrong; then the agent abstains. Where the budget for
models runs out, others answer in an agent's place, in the order of `trading/agents/budget.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from temporalio import activity

from activities.calls import Bid, Caller, Calls, Said, Seat
from activities.casting import Cast
from trading.agents import data, debate, meta, reflector, risk, validator
from trading.agents.budget import OPTIONAL, Budget, Level, Strain
from trading.agents.citations import checked
from trading.agents.envelope import plain
from trading.agents.posing import Prompt
from trading.agents.questions import Agent, Asking, ModelCall, Question, repaired
from trading.agents.reading import words_of
from trading.errors import BadConfiguration, ModelRefused, ModelUnavailable, TradingError, UnreadableAnswer
from trading.memory_ports import Memory
from trading.money import MOST_TEXT
from trading.ports import Journal, Snapshots
from trading.signals import NO_BUDGET, NOT_ASKED, Abstention
from trading.steps import (
    ArgumentAsked,
    ArgumentHeard,
    AssessmentAsked,
    AssessmentsHeard,
    Cycle,
    DecisionAsked,
    DecisionsHeard,
    LessonHeard,
    ReflectAsked,
    SignalAsked,
    SignalHeard,
    Source,
    Terms,
    ValidationAsked,
    ValidationHeard,
)

__all__ = ["AgentActivities", "Seat"]

Answer_co = TypeVar("Answer_co", covariant=True)

# From this try of the step on, a fallback answers for a model that does not: two tries may be a short illness.
FALLBACK_FROM = 3


@dataclass(frozen=True, slots=True)
class _Case(Generic[Answer_co]):
    """One thing to ask an agent: how the question is put to a model, and how the text that comes is read.

    `is_held` says whether it is about what is held: that is judged whatever was spent.
    """

    agent: Agent
    cycle: Cycle
    terms: Terms
    pose: Callable[[Prompt, Asking], Question]
    read: Callable[[str, Question], Answer_co]
    symbol: str | None = None
    is_held: bool = True


@dataclass(frozen=True, slots=True)
class _Heard(Generic[Answer_co]):
    """An answer, whose words it is, and how strained the budget is."""

    answer: Answer_co | Abstention
    source: Source | None = None
    strain: Strain | None = None


class AgentActivities:
    """The agents of a cycle. Only the process that serves this queue holds the models' keys."""

    def __init__(
        self,
        cast: Cast,
        journal: Journal,
        snapshots: Snapshots,
        budget: Budget = Budget(),  # noqa: B008  a frozen record without any cap
        memory: Memory | None = None,
    ) -> None:
        self._cast = cast
        self._calls = Calls(journal, budget)
        self._snapshots = snapshots
        self._memory = memory

    @activity.defn
    async def ask_data(self, asked: SignalAsked) -> SignalHeard:
        """Ask the DataAgent about one symbol.

        Repeat: a reply that arrived is in the journal and is read again; only a call in flight at a crash is made
        twice, and both are paid for.
        """
        snapshot = await self._snapshots.load(asked.snapshot_id)
        facts = snapshot.facts(asked.symbol)
        case = _Case(
            agent=Agent.DATA,
            cycle=asked.cycle,
            terms=asked.terms,
            pose=lambda prompt, ask: data.question(prompt, facts, asked.books, snapshot.as_of, ask),
            read=lambda text, question: checked(data.read(text, asked.symbol), question.facts),
            symbol=asked.symbol,
            is_held=bool(asked.books.positions),
        )
        heard = await self._hear(case)
        return SignalHeard(answer=heard.answer, source=heard.source, strain=heard.strain)

    @activity.defn
    async def ask_risk(self, asked: AssessmentAsked) -> AssessmentsHeard:
        """Ask the RiskManager about the batch.

        Repeat: as `ask_data`.
        """
        snapshot = await self._snapshots.load(asked.snapshot_id)
        case = _Case(
            agent=Agent.RISK,
            cycle=asked.cycle,
            terms=asked.terms,
            pose=lambda prompt, ask: risk.question(prompt, asked.proposals, asked.books, snapshot, ask),
            read=lambda text, question: tuple(checked(one, question.facts) for one in risk.read(text, asked.proposals)),
        )
        heard = await self._hear(case)
        return AssessmentsHeard(answer=heard.answer, source=heard.source, strain=heard.strain)

    @activity.defn
    async def ask_validator(self, asked: ValidationAsked) -> ValidationHeard:
        """Ask the Validator about one proposal.

        Repeat: as `ask_data`.
        """
        symbol = asked.proposal.symbol
        snapshot = await self._snapshots.load(asked.snapshot_id)
        told = validator.Case(asked.proposal, asked.assessment, asked.precedents)
        case = _Case(
            agent=Agent.VALIDATOR,
            cycle=asked.cycle,
            terms=asked.terms,
            pose=lambda prompt, ask: validator.question(prompt, told, snapshot, ask),
            read=lambda text, question: checked(validator.read(text, symbol), question.facts),
            symbol=symbol,
        )
        heard = await self._hear(case)
        return ValidationHeard(answer=heard.answer, source=heard.source, strain=heard.strain)

    @activity.defn
    async def ask_meta(self, asked: DecisionAsked) -> DecisionsHeard:
        """Ask the MetaAgent about every candidate.

        Repeat: as `ask_data`.
        """
        snapshot = await self._snapshots.load(asked.snapshot_id)
        weighed = meta.Weighed(asked.candidates, asked.books, asked.scores, asked.arguments)
        case = _Case(
            agent=Agent.META,
            cycle=asked.cycle,
            terms=asked.terms,
            pose=lambda prompt, ask: meta.question(prompt, weighed, snapshot, ask),
            read=lambda text, question: tuple(
                checked(one, question.facts) for one in meta.read(text, asked.candidates)
            ),
        )
        heard = await self._hear(case)
        return DecisionsHeard(answer=heard.answer, source=heard.source, strain=heard.strain)

    @activity.defn
    async def argue(self, asked: ArgumentAsked) -> ArgumentHeard:
        """Ask Bull or Bear for the next word on a candidate.

        Repeat: as `ask_data`.
        """
        symbol = asked.candidate.proposal.symbol
        snapshot = await self._snapshots.load(asked.snapshot_id)
        told = debate.Case(asked.candidate, asked.said, asked.precedents)
        case = _Case(
            agent=asked.agent,
            cycle=asked.cycle,
            terms=asked.terms,
            pose=lambda prompt, ask: debate.question(prompt, told, snapshot, ask),
            read=lambda text, question: checked(debate.read(text, symbol, asked.agent), question.facts),
            symbol=symbol,
        )
        heard = await self._hear(case)
        return ArgumentHeard(answer=heard.answer, source=heard.source, strain=heard.strain)

    @activity.defn
    async def reflect(self, asked: ReflectAsked) -> LessonHeard:
        """Ask the Reflector what a resolved memory teaches, and keep it.

        Repeat: as `ask_data`, and the first lesson of a memory stays.
        """
        found = () if self._memory is None else await self._memory.find(asked.cycle.desk_id, [asked.memory_id])
        if self._memory is None or not found:
            reason = f"the desk does not remember {asked.memory_id}"
            return LessonHeard(answer=Abstention(cause=NOT_ASKED, reason=reason))
        [memory] = found
        case = _Case(
            agent=Agent.REFLECTOR,
            cycle=asked.cycle,
            terms=asked.terms,
            pose=lambda prompt, ask: reflector.question(prompt, memory, ask),
            read=lambda text, _: reflector.read(text),
            symbol=memory.setup.symbol,
            is_held=False,
        )
        heard = await self._hear(case)
        if isinstance(heard.answer, str):
            await self._memory.learn(asked.memory_id, heard.answer)
        return LessonHeard(answer=heard.answer, source=heard.source, strain=heard.strain)

    async def _hear(self, case: _Case[Answer_co]) -> _Heard[Answer_co]:
        """The answer of the agent's seat or of who answers in its place. Raises ModelUnavailable for another try."""
        try:
            seat, prompt = self._cast.seat(case.agent, case.terms), self._cast.prompt(case.agent, case.terms)
        except BadConfiguration as unknown:
            return _Heard(_abstention(case, unknown))
        began = time.monotonic()
        bids = [Bid(case.pose(prompt, seat.asking), seat)]
        if seat.fallback is not None:
            bids.append(Bid(case.pose(prompt, seat.fallback.asking), seat.fallback, instead=True))
        while True:
            late = len(bids) > 1 and _attempt() >= FALLBACK_FROM
            heard = await self._answer(case, bids, seat.patience_seconds if late else None, began)
            if isinstance(heard, _Heard):
                return heard
            if heard.failed is None:
                return await self._unpaid(case, prompt, heard.strain)
            if isinstance(heard.failed, ModelUnavailable) and not late:
                raise heard.failed
            bids = bids[1:] if heard.bid.seat is bids[0].seat else []
            if not bids and isinstance(heard.failed, ModelUnavailable):
                raise heard.failed
            if not bids:
                return _Heard(_abstention(case, heard.failed), _source(heard.bid.question))

    async def _answer(
        self, case: _Case[Answer_co], bids: Sequence[Bid], patience: float | None, began: float
    ) -> _Heard[Answer_co] | Said:
        """What a model says, asked once more when nobody can read it; what came instead when no reply did."""
        said = await self._calls.reply(bids, Caller(case.cycle, case.terms, _attempt()), patience)
        if said.call is None:
            return said
        question, source, strain = said.bid.question, _source(said.bid.question, said.call), _strained(said)
        try:
            return _Heard(case.read(words_of(said.call.reply), question), source, strain)
        except ModelRefused as refused:
            return _Heard(_abstention(case, refused), source, strain)
        except UnreadableAnswer as wrong:
            if question.repair is not None:
                return _Heard(_abstention(case, wrong), source, strain)
            if not _has_time(began):
                message = f"{question.model}: an answer that cannot be read came late, the next try repairs it"
                raise ModelUnavailable(message) from None
            once_more = replace(said.bid, question=repaired(question, said.call.reply.text, str(wrong)))
            return await self._answer(case, [once_more], patience, began)

    async def _unpaid(self, case: _Case[Answer_co], prompt: Prompt, strain: Strain) -> _Heard[Answer_co]:
        """Who answers when no model may be asked: nobody for an optional agent, the rules else.

        Once nothing new is opened, nobody need ask about what is not held.
        """
        skips = strain.level in {Level.SKIPPING, Level.CLOSED} and case.agent in OPTIONAL
        rules = self._cast.rules
        if not (skips or rules is None or (strain.is_closed and not case.is_held)):
            heard = await self._answer(case, [Bid(case.pose(prompt, rules.asking), rules)], None, time.monotonic())
            if isinstance(heard, _Heard):
                return replace(heard, strain=strain)
        cause = NOT_ASKED if skips else NO_BUDGET
        return _Heard(Abstention(symbol=case.symbol, cause=cause, reason=strain.reason), None, strain)


def _strained(said: Said) -> Strain | None:
    return None if said.strain.level is Level.NORMAL else said.strain


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
