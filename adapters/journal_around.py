"""A journal within another: whoever watches one of its calls overrides that call, and passes on the rest."""

from __future__ import annotations

from trading.agents.budget import Choice
from trading.agents.questions import ModelCall
from trading.ports import Journal
from trading.spending import Attempt, Settlement, SpendAsked


class JournalAround:
    """Passes every call on."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def find(self, call_id: str) -> ModelCall | None:
        """The reply that this question already had."""
        return await self._journal.find(call_id)

    async def keep(self, call: ModelCall, settled: Settlement | None = None) -> None:
        """Store a reply."""
        await self._journal.keep(call, settled)

    async def reserve(self, asked: SpendAsked) -> Choice:
        """Reserve what a call may take."""
        return await self._journal.reserve(asked)

    async def drop(self, attempt: Attempt, *, charged: bool) -> None:
        """An attempt ended without an answer."""
        await self._journal.drop(attempt, charged=charged)
