"""What past cycles decided from, in memory."""

from __future__ import annotations

from datetime import datetime

from trading.errors import BooksDisagree
from trading.steps import Grounds


class MemoryGrounds:
    """The port `GroundsKept`, of this process."""

    def __init__(self) -> None:
        self._kept: dict[str, Grounds] = {}

    async def keep(self, grounds: Grounds) -> None:
        """Keep a cycle's grounds. Keeping them twice keeps the first."""
        self._kept.setdefault(grounds.cycle.cycle_id, grounds)

    async def load(self, desk_id: str, cycle_id: str) -> Grounds:
        """Those of one cycle. Raises BooksDisagree when they are not there."""
        found = self._kept.get(cycle_id)
        if found is None or found.cycle.desk_id != desk_id:
            raise BooksDisagree(f"no grounds of cycle {cycle_id} were kept")
        return found

    async def cycles(self, desk_id: str, since: datetime, until: datetime) -> tuple[str, ...]:
        """The cycles that reasoned about a moment from `since` up to, not at, `until`; oldest first."""
        of_desk = (one for one in self._kept.values() if one.cycle.desk_id == desk_id)
        within = [(one.opening.as_of, one.cycle.cycle_id) for one in of_desk if since <= one.opening.as_of < until]
        return tuple(name for _, name in sorted(within))


class NoGrounds:
    """The port `GroundsKept` of a replay, which is its own replay: nothing is kept."""

    async def keep(self, grounds: Grounds) -> None:
        """Keep nothing."""

    async def load(self, desk_id: str, cycle_id: str) -> Grounds:
        """Nothing is there. Raises BooksDisagree."""
        raise BooksDisagree(f"no grounds of cycle {cycle_id} of {desk_id} were kept")

    async def cycles(self, desk_id: str, since: datetime, until: datetime) -> tuple[str, ...]:  # noqa: ARG002  the port's
        """None."""
        return ()
