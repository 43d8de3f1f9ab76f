"""The desk's memory in a cycle: what has come to an end is resolved, what is like the case is recalled, all is kept."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio import activity

from trading.memory_ports import Embedder, GroundsKept, Memory
from trading.ports import Ledger, Snapshots
from trading.steps import RecallAsked, Recollection, RememberAsked, ResolveAsked, Resolved


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where memories and the grounds of decisions lie, and who turns words into what can be searched."""

    memory: Memory
    grounds: GroundsKept
    embedder: Embedder


class MemoryActivities:
    """Nothing here trades: a desk whose memory is away goes on as one that remembers nothing."""

    def __init__(self, shelf: Shelf, ledger: Ledger, snapshots: Snapshots) -> None:
        self._shelf = shelf
        self._ledger = ledger
        self._snapshots = snapshots

    @activity.defn
    async def resolve_memories(self, asked: ResolveAsked) -> Resolved:  # noqa: ARG002  the Protocol's
        """Resolve the memories whose trades have ended.

        Repeat: a memory is resolved once.
        """
        return Resolved()

    @activity.defn
    async def recall_precedents(self, asked: RecallAsked) -> Recollection:  # noqa: ARG002  the Protocol's
        """Look up what came of setups like these.

        Repeat: reads only.
        """
        return Recollection()

    @activity.defn
    async def remember_decisions(self, asked: RememberAsked) -> None:
        """Keep what was decided, and from what.

        Repeat: a memory that is there is left, and so are grounds.
        """
        await self._shelf.grounds.keep(asked.grounds)
