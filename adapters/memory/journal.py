"""Model calls of this process, and before them those of a journal behind it."""

from __future__ import annotations

from adapters.memory.ledger import MemoryLedger
from adapters.memory.spending import Spending
from trading.agents.budget import Choice, Level
from trading.agents.questions import ModelCall
from trading.events import printable
from trading.ports import Journal
from trading.spending import Attempt, Settlement, SpendAsked, degradation_told, degraded


class MemoryJournal:
    """The port `Journal`.

    A reply that the journal `behind` has is found there, and one that is new is kept there too: asked again, nothing is
    paid. What is spent is counted here alone, for it is this run's; the ledger's log tells of less being asked for it.
    """

    def __init__(self, ledger: MemoryLedger, behind: Journal | None = None) -> None:
        self._ledger = ledger
        self._behind = behind
        self._calls: dict[str, ModelCall] = {}
        self.spending = Spending()

    async def find(self, call_id: str) -> ModelCall | None:
        """The reply that this question already had."""
        if call_id not in self._calls and self._behind is not None:
            found = await self._behind.find(call_id)
            if found is not None:
                self._calls.setdefault(call_id, found)
        return self._calls.get(call_id)

    async def keep(self, call: ModelCall, settled: Settlement | None = None) -> None:
        """Store a reply, and what it took; the first one kept stays.

        Characters that no database takes are kept as U+FFFD, so that it is found here as it would be there.
        """
        if self._behind is not None and call.call_id not in self._calls:
            await self._behind.keep(call)
        self._calls.setdefault(call.call_id, _printable(call))
        if settled is not None:
            self.spending.settle(settled)

    async def reserve(self, asked: SpendAsked) -> Choice:
        """Reserve the most that a call may take, if there is room for it; once an attempt."""
        choice, is_new = self.spending.reserve(asked)
        if is_new and choice.strain.level is not Level.NORMAL and not choice.waits:
            events = [degraded(asked, choice.strain), degradation_told(asked, choice.strain)]
            await self._ledger.record([event for event in events if not self._ledger.tells(event.event_id)])
        return choice

    async def drop(self, attempt: Attempt, *, charged: bool) -> None:
        """An attempt ended without an answer; it goes on to count where it may have been charged."""
        self.spending.drop(attempt, charged=charged)


def _printable(call: ModelCall) -> ModelCall:
    question, reply = call.question, call.reply
    asked = {"system": printable(question.system), "user": printable(question.user)}
    said = {"text": printable(reply.text), "detail": printable(reply.detail)}
    changes = {"question": question.model_copy(update=asked), "reply": reply.model_copy(update=said)}
    return call.model_copy(update=changes)
