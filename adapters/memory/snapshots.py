"""Market snapshots of this process, by the hash of what was seen."""

from __future__ import annotations

from trading.errors import BooksDisagree
from trading.market import Snapshot

MOST = 64
"""Snapshots that are kept: a cycle reads its own, and one of twenty symbols with the bars of a year is megabytes."""


class MemorySnapshots:
    """The port `Snapshots`: the newest `most`, None for all of them."""

    def __init__(self, most: int | None = MOST) -> None:
        self._most = most
        self._kept: dict[str, Snapshot] = {}

    async def keep(self, desk_id: str, snapshot: Snapshot) -> None:  # noqa: ARG002  the market is no desk's own
        """Store a snapshot; the first one kept stays."""
        self._kept.setdefault(snapshot.snapshot_id, snapshot)
        while self._most is not None and len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]

    async def load(self, snapshot_id: str) -> Snapshot:
        """Read one back. Raises BooksDisagree when it is not there, or no longer."""
        if snapshot_id not in self._kept:
            raise BooksDisagree(f"no snapshot {snapshot_id} was stored")
        return self._kept[snapshot_id]
