"""One call to a model: looked up in the journal, held to the budget, kept the moment its reply is here."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from trading.agents.budget import Budget, refusal
from trading.agents.questions import Asking, ModelCall, Question
from trading.errors import BudgetSpent, ModelUnavailable
from trading.events import printable
from trading.ports import Journal, LanguageModel
from trading.steps import Cycle


@dataclass(frozen=True, slots=True)
class Seat:
    """Who sits for an agent: the model, how it is asked, and who answers when it does not.

    `patience_seconds` is how long the model is waited for once the fallback stands by: both must have their turn
    within one try of the step.
    """

    model: LanguageModel
    asking: Asking
    fallback: Seat | None = None
    patience_seconds: float = 30


class Calls:
    """Calls to models. A reply that arrived is never paid for again, whatever dies when."""

    def __init__(self, journal: Journal, budget: Budget) -> None:
        self._journal = journal
        self._budget = budget
        # Replies that arrived while the journal could not be written: the retry of the step keeps them, unasked.
        self._arrived: dict[str, ModelCall] = {}
        self._under_way: Counter[str] = Counter()
        self._counting = asyncio.Lock()

    async def reply(self, question: Question, seat: Seat, cycle: Cycle, patience: float | None = None) -> ModelCall:
        """The journal's reply, else the model's, kept before anyone reads it.

        Raises BudgetSpent before a call that is over a cap, ModelUnavailable also when `patience` seconds are over.
        """
        call = await self._journal.find(question.call_id)
        if call is None:
            call = self._arrived.get(question.call_id)
            if call is None:
                call = self._arrived[question.call_id] = await self._ask(question, seat, cycle, patience)
            await self._journal.keep(call)
        self._arrived.pop(question.call_id, None)
        return call

    async def _ask(self, question: Question, seat: Seat, cycle: Cycle, patience: float | None) -> ModelCall:
        await self._enter(cycle)
        try:
            began = time.monotonic()
            async with asyncio.timeout(patience):
                reply = await seat.model.answer(question)
            return ModelCall(
                call_id=question.call_id,
                question=question,
                # As the journal gives it back, so that a reply reads the same after a crash.
                reply=reply.model_copy(update={"text": printable(reply.text)}),
                replied_at=datetime.now(UTC),
                latency_seconds=time.monotonic() - began,
                desk_id=cycle.desk_id,
                cycle_id=cycle.cycle_id,
            )
        except TimeoutError:
            raise ModelUnavailable(f"{question.model}: no answer within {patience} s") from None
        finally:
            self._under_way[cycle.desk_id] -= 1

    async def _enter(self, cycle: Cycle) -> None:
        """Count this call as under way, unless a cap is reached; one at a time, or two would take the last place."""
        async with self._counting:
            if self._budget.any:
                midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
                spent = await self._journal.spent(cycle.desk_id, cycle.cycle_id, midnight)
                unkept = sum(call.desk_id == cycle.desk_id for call in self._arrived.values())
                reason = refusal(spent, self._budget, self._under_way[cycle.desk_id] + unkept)
                if reason is not None:
                    raise BudgetSpent(reason)
            self._under_way[cycle.desk_id] += 1
