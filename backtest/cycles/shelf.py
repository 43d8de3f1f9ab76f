"""A replay's own memory: the same rules over a store of this process, which begins empty and ends with the run."""

from __future__ import annotations

from collections.abc import Sequence

from activities.memory import Shelf
from adapters.memory.exact import ExactMemory
from adapters.memory.grounds import NoGrounds
from trading.backtest_plan import Plan
from trading.memory_ports import EMBEDDING_SIZE, Vector

_NOTHING: Vector = (0.0,) * EMBEDDING_SIZE


class Wordless:
    """The port `Embedder` of who is never searched by words: precedents are found by their numbers alone."""

    name = "none"

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """A vector of nothing for each."""
        return [_NOTHING] * len(texts)


def shelf_of(plan: Plan) -> Shelf | None:
    """Where a plan's decisions are remembered; None where it heeds none."""
    return None if plan.heed is None else Shelf(ExactMemory(), NoGrounds(), Wordless(), plan.heed)
