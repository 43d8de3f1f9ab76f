"""Asking the four agents: build the question from the stored snapshot, look in the journal, ask, keep, read."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from temporalio import activity

from trading.agents import data, meta, risk, validator
from trading.agents.questions import Agent, Asking, ModelCall, Question
from trading.errors import ModelRefused, UnreadableAnswer
from trading.ports import Journal, LanguageModel, Snapshots
from trading.signals import Abstention
from trading.steps import (
    AssessmentAsked,
    AssessmentsHeard,
    DecisionAsked,
    DecisionsHeard,
    SignalAsked,
    SignalHeard,
    Source,
    ValidationAsked,
    ValidationHeard,
)

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Seat:
    """Who sits for an agent: the model and how it is asked, and who is asked when it is unavailable."""

    model: LanguageModel
    asking: Asking
    fallback: Seat | None = None


class AgentActivities:
    """The four agents. Only the process that serves this queue holds the models' keys."""

    def __init__(self, seats: Mapping[Agent, Seat], journal: Journal, snapshots: Snapshots) -> None:
        self._seats = seats
        self._journal = journal
        self._snapshots = snapshots
        # Replies that arrived while the journal could not be written: the retry of the step keeps them, unasked.
        self._arrived: dict[str, ModelCall] = {}

    @activity.defn
    async def ask_data(self, asked: SignalAsked) -> SignalHeard:
        """Ask the DataAgent about one symbol.

        Repeat: a reply that arrived is in the journal and is read again; only a call in flight at a crash is made
        twice.
        """
        snapshot = await self._snapshots.load(asked.snapshot_id)
        question = data.question(snapshot.facts(asked.symbol), asked.books, self._asking(Agent.DATA))
        answer, source = await self._ask(question, lambda text: data.read(text, asked.symbol), asked.symbol)
        return SignalHeard(answer=answer, source=source)

    @activity.defn
    async def ask_risk(self, asked: AssessmentAsked) -> AssessmentsHeard:
        """Ask the RiskManager about the batch.

        Repeat: as `ask_data`.
        """
        snapshot = await self._snapshots.load(asked.snapshot_id)
        question = risk.question(asked.proposals, asked.books, snapshot, self._asking(Agent.RISK))
        answer, source = await self._ask(question, lambda text: risk.read(text, asked.proposals))
        return AssessmentsHeard(answer=answer, source=source)

    @activity.defn
    async def ask_validator(self, asked: ValidationAsked) -> ValidationHeard:
        """Ask the Validator about one proposal.

        Repeat: as `ask_data`.
        """
        symbol = asked.proposal.symbol
        facts = (await self._snapshots.load(asked.snapshot_id)).facts(symbol)
        question = validator.question(asked.proposal, asked.assessment, facts, self._asking(Agent.VALIDATOR))
        answer, source = await self._ask(question, lambda text: validator.read(text, symbol), symbol)
        return ValidationHeard(answer=answer, source=source)

    @activity.defn
    async def ask_meta(self, asked: DecisionAsked) -> DecisionsHeard:
        """Ask the MetaAgent about every candidate.

        Repeat: as `ask_data`.
        """
        snapshot = await self._snapshots.load(asked.snapshot_id)
        question = meta.question(asked.candidates, asked.books, snapshot, self._asking(Agent.META))
        answer, source = await self._ask(question, lambda text: meta.read(text, asked.candidates))
        return DecisionsHeard(answer=answer, source=source)

    def _asking(self, agent: Agent) -> Asking:
        return self._seats[agent].asking

    async def _ask(
        self, question: Question, read: Callable[[str], Answer], symbol: str | None = None
    ) -> tuple[Answer | Abstention, Source]:
        source = Source(model=question.model, prompt_version=question.prompt_version, call_id=question.call_id)
        try:
            call = await self._reply(question)
            return read(call.reply.text), source
        except (UnreadableAnswer, ModelRefused) as error:
            return Abstention(symbol=symbol, cause=type(error).__name__, reason=str(error)[:4000]), source

    async def _reply(self, question: Question) -> ModelCall:
        """The journal's reply, else the model's, kept before anyone reads it."""
        call = await self._journal.find(question.call_id)
        if call is not None:
            return call
        call = self._arrived.get(question.call_id)
        if call is None:
            began = time.monotonic()
            reply = await self._seats[question.agent].model.answer(question)
            call = ModelCall(
                call_id=question.call_id,
                question=question,
                reply=reply,
                replied_at=datetime.now(UTC),
                latency_seconds=time.monotonic() - began,
            )
            self._arrived[question.call_id] = call
        await self._journal.keep(call)
        self._arrived.pop(question.call_id, None)
        return call
