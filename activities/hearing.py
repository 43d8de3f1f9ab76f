"""Hearing an agent: ask who sits for him, keep the reply, read it; then ask once more, or another, or nobody."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from temporalio import activity

from activities.calls import Bid, Caller, Calls, Said
from activities.casting import Cast
from trading.agents.budget import OPTIONAL, Budget, Level, Strain
from trading.agents.envelope import plain
from trading.agents.posing import Prompt
from trading.agents.questions import Agent, Asking, ModelCall, Question, repaired
from trading.agents.reading import words_of
from trading.errors import BadConfiguration, ModelRefused, ModelUnavailable, TradingError, UnreadableAnswer
from trading.money import MOST_TEXT
from trading.ports import Journal
from trading.signals import NO_BUDGET, NOT_ASKED, Abstention
from trading.spending import Payer
from trading.steps import Source, Terms

Answer_co = TypeVar("Answer_co", covariant=True)

# From this try of the step on, a fallback answers for a model that does not: two tries may be a short illness.
FALLBACK_FROM = 3


@dataclass(frozen=True, slots=True)
class Case(Generic[Answer_co]):
    """One thing to ask an agent: how the question is put to a model, and how the text that comes is read.

    `is_held` says whether it is about what is held: that is judged whatever was spent.
    """

    agent: Agent
    payer: Payer
    terms: Terms
    pose: Callable[[Prompt, Asking], Question]
    read: Callable[[str, Question], Answer_co]
    symbol: str | None = None
    is_held: bool = True


@dataclass(frozen=True, slots=True)
class Answered(Generic[Answer_co]):
    """An answer, whose words it is, and how strained the budget is."""

    answer: Answer_co | Abstention
    source: Source | None = None
    strain: Strain | None = None


class Hearing:
    """Puts a question to who sits for an agent, or to who answers in its place, and reads what is said.

    An answer that cannot be read is asked for once more, with what was wrong; then the agent abstains. Where the budget
    for models runs out, others answer in an agent's place, in the order of `trading/agents/budget.py`.
    """

    def __init__(self, cast: Cast, journal: Journal, budget: Budget) -> None:
        self._cast = cast
        self._calls = Calls(journal, budget)

    async def hear(self, case: Case[Answer_co]) -> Answered[Answer_co]:
        """The answer of the agent's seat or of who answers in its place. Raises ModelUnavailable for another try."""
        try:
            seat, prompt = self._cast.seat(case.agent, case.terms), self._cast.prompt(case.agent, case.terms)
        except BadConfiguration as unknown:
            return Answered(_abstention(case, unknown))
        began = time.monotonic()
        bids = [Bid(case.pose(prompt, seat.asking), seat)]
        # What is decided once more with dollars of its own is to be the word of who was named, or nobody's.
        if seat.fallback is not None and case.terms.most_usd is None:
            bids.append(Bid(case.pose(prompt, seat.fallback.asking), seat.fallback, instead=True))
        while True:
            late = len(bids) > 1 and _attempt() >= FALLBACK_FROM
            heard = await self._answer(case, bids, seat.patience_seconds if late else None, began)
            if isinstance(heard, Answered):
                return heard
            if heard.failed is None:
                return await self._unpaid(case, prompt, heard.strain)
            if isinstance(heard.failed, ModelUnavailable) and not late:
                raise heard.failed
            bids = bids[1:] if heard.bid.seat is bids[0].seat else []
            if not bids and isinstance(heard.failed, ModelUnavailable):
                raise heard.failed
            if not bids:
                return Answered(_abstention(case, heard.failed), _source(heard.bid.question))

    async def _answer(
        self, case: Case[Answer_co], bids: Sequence[Bid], patience: float | None, began: float
    ) -> Answered[Answer_co] | Said:
        """What a model says, asked once more when nobody can read it; what came instead when no reply did."""
        said = await self._calls.reply(bids, Caller(case.payer, case.terms, _attempt()), patience)
        if said.call is None:
            return said
        question, source, strain = said.bid.question, _source(said.bid.question, said.call), _strained(said)
        try:
            return Answered(case.read(words_of(said.call.reply), question), source, strain)
        except ModelRefused as refused:
            return Answered(_abstention(case, refused), source, strain)
        except UnreadableAnswer as wrong:
            if question.repair is not None:
                return Answered(_abstention(case, wrong), source, strain)
            if not _has_time(began):
                message = f"{question.model}: an answer that cannot be read came late, the next try repairs it"
                raise ModelUnavailable(message) from None
            once_more = replace(said.bid, question=repaired(question, said.call.reply.text, str(wrong)))
            return await self._answer(case, [once_more], patience, began)

    async def _unpaid(self, case: Case[Answer_co], prompt: Prompt, strain: Strain) -> Answered[Answer_co]:
        """Who answers when no model may be asked: nobody for an optional agent, the rules else.

        Once nothing new is opened, nobody need ask about what is not held.
        """
        skips = strain.level in {Level.SKIPPING, Level.CLOSED} and case.agent in OPTIONAL
        rules = self._cast.rules
        if not (skips or rules is None or (strain.is_closed and not case.is_held)):
            heard = await self._answer(case, [Bid(case.pose(prompt, rules.asking), rules)], None, time.monotonic())
            if isinstance(heard, Answered):
                return replace(heard, strain=strain)
        cause = NOT_ASKED if skips else NO_BUDGET
        return Answered(Abstention(symbol=case.symbol, cause=cause, reason=strain.reason), None, strain)


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


def _abstention(case: Case[Answer_co], error: TradingError) -> Abstention:
    return Abstention(symbol=case.symbol, cause=type(error).__name__, reason=str(error)[:MOST_TEXT])


def _source(question: Question, call: ModelCall | None = None) -> Source:
    return Source(
        model=plain(call.reply.model, 120) if call else question.model,
        prompt_version=question.prompt_version,
        prompt_hash=question.prompt_hash,
        call_id=question.call_id,
    )
