"""Snapshots in memory: the newest come back."""

from __future__ import annotations

import pytest

from adapters.memory.snapshots import MemorySnapshots
from tests.adapters.postgres.test_journal_and_snapshots import snapshot
from trading.errors import BooksDisagree


async def test_a_snapshot_comes_back_and_only_the_newest_are_kept() -> None:
    snapshots = MemorySnapshots(most=2)
    seen = [snapshot().model_copy(update={"provider": f"file-{number}"}) for number in range(3)]
    for one in (*seen, seen[1]):
        await snapshots.keep("paper", one)
    assert await snapshots.load(seen[2].snapshot_id) == seen[2]
    assert await snapshots.load(seen[1].snapshot_id) == seen[1]
    with pytest.raises(BooksDisagree, match="no snapshot"):
        await snapshots.load(seen[0].snapshot_id)
