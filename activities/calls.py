"""One call to a model: looked up in the journal, paid for in advance, kept the moment its reply is here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from activities import clock
from trading.agents.budget import OPTIONAL, Budget, Caps, Choice, Offer, Strain, Tally
from trading.agents.estimates import Tariff, most_of, taken_by, unknown
from trading.agents.questions import Asking, ModelCall, Question
from trading.errors import ModelRefused, ModelUnavailable
from trading.events import printable
from trading.ports import Journal, LanguageModel
from trading.spending import Attempt, Payer, Settlement, SpendAsked
from trading.steps import Terms

# What is under way is waited for a third of the step's time: the call itself and a repair need the rest.
WAIT_SECONDS = 40.0
FIRST_LOOK_SECONDS, LAST_LOOK_SECONDS = 0.2, 2.0


@dataclass(frozen=True, slots=True)
class Seat:
    """Who sits for an agent: the model, how it is asked, what it costs at most, and who answers when it does not.

    `patience_seconds` is how long the model is waited for once the fallback stands by: both must have their turn
    within one try of the step. What `is_free` is asked whatever was spent, and is in no ledger.
    """

    model: LanguageModel
    asking: Asking
    fallback: Seat | None = None
    patience_seconds: float = 30
    tariff: Tariff = unknown
    is_free: bool = False


@dataclass(frozen=True, slots=True)
class Bid:
    """A question to one seat; `instead` of another whose turn it would be."""

    question: Question
    seat: Seat
    instead: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """Who pays: a cycle or what stands in its place, on its strategy's terms, at this try of the step."""

    payer: Payer
    terms: Terms
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Said:
    """The call that was made for a bid; without one what went wrong, or else how little of the budget is left."""

    bid: Bid
    call: ModelCall | None = None
    strain: Strain = field(default_factory=Strain)
    failed: ModelRefused | ModelUnavailable | None = None


@dataclass(frozen=True, slots=True)
class _Paid:
    """A reply, and what it took; None for what is free."""

    call: ModelCall
    settled: Settlement | None


class Calls:
    """Calls to models. A reply that arrived is never paid for again, whatever dies when.

    Paid in advance: the most that a call may take is reserved before it is made, and settled in one transaction with
    its reply. An attempt that died in between goes on to count in full, and the next reserves anew.
    """

    def __init__(self, journal: Journal, budget: Budget) -> None:
        self._journal = journal
        self._budget = budget
        # Replies that arrived while the journal could not be written: the retry of the step keeps them, unasked.
        self._arrived: dict[str, _Paid] = {}
        self._reserving = asyncio.Lock()

    async def reply(self, bids: Sequence[Bid], caller: Caller, patience: float | None = None) -> Said:
        """The reply to the first bid that the journal knows or the budget allows, kept before anyone reads it."""
        first = bids[0]
        known = await self._known(first.question)
        if known is not None:
            return Said(first, known)
        if first.seat.is_free:
            return await self._take(Said(first), None, caller, patience)
        bids = [bid for bid in bids if not bid.seat.is_free]
        asked = self._spend_asked(bids, caller)
        choice = await self._reserve(asked)
        attempt = asked.tried(choice)
        if attempt is None or choice.chosen is None:
            return Said(first, strain=choice.strain)
        said = Said(bids[choice.chosen], strain=choice.strain)
        known = await self._known(said.bid.question)
        if known is not None:
            await self._journal.drop(attempt, charged=False)
            return replace(said, call=known)
        return await self._take(said, (attempt, asked.offers[choice.chosen].most), caller, patience)

    async def _known(self, question: Question) -> ModelCall | None:
        """The reply that is here already."""
        call = await self._journal.find(question.call_id)
        arrived = self._arrived.get(question.call_id)
        if arrived is None:
            return call
        kept = await self._keep(arrived)
        return call or kept

    async def _reserve(self, asked: SpendAsked) -> Choice:
        """Reserve one of the offers; for a while, wait for what is under way rather than make do with less."""
        until, pause = time.monotonic() + WAIT_SECONDS, FIRST_LOOK_SECONDS
        while True:
            may_wait = time.monotonic() < until
            # One at a time in this process: a hundred who wait for the desk's lock would take every connection.
            async with self._reserving:
                choice = await self._journal.reserve(asked.model_copy(update={"may_wait": may_wait}))
            if not choice.waits:
                return choice
            await asyncio.sleep(pause)
            pause = min(2 * pause, LAST_LOOK_SECONDS)

    async def _take(
        self, said: Said, reserved: tuple[Attempt, Tally] | None, caller: Caller, patience: float | None
    ) -> Said:
        """Make the call, and settle what was reserved for it, or say what became of that."""
        try:
            call = await self._ask(said.bid, caller, patience)
        except (ModelUnavailable, ModelRefused) as failed:
            if reserved is not None:
                await self._journal.drop(reserved[0], charged=not failed.uncharged)
            return replace(said, failed=failed)
        settled = None
        if reserved is not None:
            attempt, most = reserved
            took = taken_by(call.reply, most, self._budget.unknown_usd_per_million_tokens)
            settled = Settlement(attempt=attempt, took=took)
        return replace(said, call=await self._keep(_Paid(call, settled)))

    async def _keep(self, paid: _Paid) -> ModelCall:
        call_id = paid.call.call_id
        self._arrived[call_id] = paid
        await self._journal.keep(paid.call, paid.settled)
        self._arrived.pop(call_id, None)
        return paid.call

    def _spend_asked(self, bids: Sequence[Bid], caller: Caller) -> SpendAsked:
        payer, agent, worst = caller.payer, bids[0].question.agent, self._budget.unknown_usd_per_million_tokens
        return SpendAsked(
            desk_id=payer.desk_id,
            cycle_id=payer.name,
            strategy_id=payer.strategy_id,
            trace_id=payer.trace_id,
            agent=agent,
            attempt=caller.attempt,
            offers=tuple(
                Offer(
                    call_id=bid.question.call_id,
                    model=bid.question.model,
                    most=most_of(bid.question, bid.seat.tariff, worst),
                    instead=bid.instead,
                )
                for bid in bids
            ),
            optional=agent in OPTIONAL,
            apart=payer.caps is not None,
            budget=self._budget_of(caller),
            at=clock.now(),
        )

    def _budget_of(self, caller: Caller) -> Budget:
        if caller.payer.caps is not None:
            return self._budget.beside(caller.payer.caps)
        return self._budget.model_copy(update={"strategy": Caps(usd=caller.terms.budget_usd_per_day)})

    async def _ask(self, bid: Bid, caller: Caller, patience: float | None) -> ModelCall:
        question, began = bid.question, time.monotonic()
        try:
            async with asyncio.timeout(patience):
                reply = await bid.seat.model.answer(question)
        except TimeoutError:
            raise ModelUnavailable(f"{question.model}: no answer within {patience} s") from None
        return ModelCall(
            call_id=question.call_id,
            question=question,
            # As the journal gives it back, so that a reply reads the same after a crash.
            reply=reply.model_copy(update={"text": printable(reply.text)}),
            replied_at=clock.now(),
            latency_seconds=time.monotonic() - began,
            desk_id=caller.payer.desk_id,
            cycle_id=caller.payer.name,
        )
