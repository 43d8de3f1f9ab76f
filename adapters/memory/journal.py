"""Model calls of this process, and before them those of a journal behind it."""

from __future__ import annotations

from trading.agents.budget import Choice
from trading.agents.questions import ModelCall
from trading.ports import Journal, Ledger
from trading.spending import Attempt, Settlement, SpendAsked


class MemoryJournal:
    """The port `Journal`.

    A reply that the journal `behind` has is found there, and one that is new is kept there too: asked again, nothing is
    paid. What is spent is counted here alone, for it is this run's; the ledger is told when that degrades anything.
    """

    def __init__(self, ledger: Ledger, behind: Journal | None = None) -> None:
        self._ledger = ledger
        self._behind = behind
        self._calls: dict[str, ModelCall] = {}

    async def find(self, call_id: str) -> ModelCall | None:
        """The reply that this question already had."""
        raise NotImplementedError

    async def keep(self, call: ModelCall, settled: Settlement | None = None) -> None:
        """Store a reply, and what it took; the first one kept stays."""
        raise NotImplementedError

    async def reserve(self, asked: SpendAsked) -> Choice:
        """Reserve the most that a call may take, if there is room for it; once an attempt."""
        raise NotImplementedError

    async def drop(self, attempt: Attempt, *, charged: bool) -> None:
        """An attempt ended without an answer; it goes on to count where it may have been charged."""
        raise NotImplementedError
