"""Asking the four agents: build the question from the stored snapshot, hear what is said, read it."""

from __future__ import annotations

from temporalio import activity

from activities.calls import Seat
from activities.casting import Cast
from activities.hearing import Case, Hearing
from trading.agents import data, debate, meta, reflector, risk, validator
from trading.agents.budget import Budget
from trading.agents.citations import checked
from trading.agents.questions import Agent
from trading.memory_ports import Memory
from trading.ports import Journal, Snapshots
from trading.signals import NOT_ASKED, Abstention
from trading.steps import (
    ArgumentAsked,
    ArgumentHeard,
    AssessmentAsked,
    AssessmentsHeard,
    DecisionAsked,
    DecisionsHeard,
    LessonHeard,
    ReflectAsked,
    SignalAsked,
    SignalHeard,
    ValidationAsked,
    ValidationHeard,
)

__all__ = ["AgentActivities", "Seat"]


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
        self._hearing = Hearing(cast, journal, budget)
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
        case = Case(
            agent=Agent.DATA,
            payer=asked.terms.payer(asked.cycle),
            terms=asked.terms,
            pose=lambda prompt, ask: data.question(prompt, facts, asked.books, snapshot.as_of, ask),
            read=lambda text, question: checked(data.read(text, asked.symbol), question.facts),
            symbol=asked.symbol,
            is_held=bool(asked.books.positions),
        )
        heard = await self._hearing.hear(case)
        return SignalHeard(answer=heard.answer, source=heard.source, strain=heard.strain)

    @activity.defn
    async def ask_risk(self, asked: AssessmentAsked) -> AssessmentsHeard:
        """Ask the RiskManager about the batch.

        Repeat: as `ask_data`.
        """
        snapshot = await self._snapshots.load(asked.snapshot_id)
        case = Case(
            agent=Agent.RISK,
            payer=asked.terms.payer(asked.cycle),
            terms=asked.terms,
            pose=lambda prompt, ask: risk.question(prompt, asked.proposals, asked.books, snapshot, ask),
            read=lambda text, question: tuple(checked(one, question.facts) for one in risk.read(text, asked.proposals)),
        )
        heard = await self._hearing.hear(case)
        return AssessmentsHeard(answer=heard.answer, source=heard.source, strain=heard.strain)

    @activity.defn
    async def ask_validator(self, asked: ValidationAsked) -> ValidationHeard:
        """Ask the Validator about one proposal.

        Repeat: as `ask_data`.
        """
        symbol = asked.proposal.symbol
        snapshot = await self._snapshots.load(asked.snapshot_id)
        told = validator.Case(asked.proposal, asked.assessment, asked.precedents)
        case = Case(
            agent=Agent.VALIDATOR,
            payer=asked.terms.payer(asked.cycle),
            terms=asked.terms,
            pose=lambda prompt, ask: validator.question(prompt, told, snapshot, ask),
            read=lambda text, question: checked(validator.read(text, symbol), question.facts),
            symbol=symbol,
        )
        heard = await self._hearing.hear(case)
        return ValidationHeard(answer=heard.answer, source=heard.source, strain=heard.strain)

    @activity.defn
    async def ask_meta(self, asked: DecisionAsked) -> DecisionsHeard:
        """Ask the MetaAgent about every candidate.

        Repeat: as `ask_data`.
        """
        snapshot = await self._snapshots.load(asked.snapshot_id)
        weighed = meta.Weighed(asked.candidates, asked.books, asked.scores, asked.arguments)
        case = Case(
            agent=Agent.META,
            payer=asked.terms.payer(asked.cycle),
            terms=asked.terms,
            pose=lambda prompt, ask: meta.question(prompt, weighed, snapshot, ask),
            read=lambda text, question: tuple(
                checked(one, question.facts) for one in meta.read(text, asked.candidates)
            ),
        )
        heard = await self._hearing.hear(case)
        return DecisionsHeard(answer=heard.answer, source=heard.source, strain=heard.strain)

    @activity.defn
    async def argue(self, asked: ArgumentAsked) -> ArgumentHeard:
        """Ask Bull or Bear for the next word on a candidate.

        Repeat: as `ask_data`.
        """
        symbol = asked.candidate.proposal.symbol
        snapshot = await self._snapshots.load(asked.snapshot_id)
        told = debate.Case(asked.candidate, asked.said, asked.precedents)
        case = Case(
            agent=asked.agent,
            payer=asked.terms.payer(asked.cycle),
            terms=asked.terms,
            pose=lambda prompt, ask: debate.question(prompt, told, snapshot, ask),
            read=lambda text, question: checked(debate.read(text, symbol, asked.agent), question.facts),
            symbol=symbol,
        )
        heard = await self._hearing.hear(case)
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
        case = Case(
            agent=Agent.REFLECTOR,
            payer=asked.terms.payer(asked.cycle),
            terms=asked.terms,
            pose=lambda prompt, ask: reflector.question(prompt, memory, ask),
            read=lambda text, _: reflector.read(text),
            symbol=memory.setup.symbol,
            is_held=False,
        )
        heard = await self._hearing.hear(case)
        if isinstance(heard.answer, str):
            await self._memory.learn(asked.memory_id, heard.answer)
        return LessonHeard(answer=heard.answer, source=heard.source, strain=heard.strain)
