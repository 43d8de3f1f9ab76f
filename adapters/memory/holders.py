"""Which strategies of a desk hold what."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.memory.ledger import MemoryLedger


class MemoryHolders:
    """The port `Holders`: by the round trips that are open."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger

    async def held(self, desk_id: str) -> Mapping[str, frozenset[str]]:
        """The symbols that each strategy of a desk holds; of one that holds nothing, nothing."""
        return self._ledger.held(desk_id)
