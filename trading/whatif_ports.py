"""What a replay needs of the books."""

from __future__ import annotations

from typing import Protocol

from trading.events import Event
from trading.whatif import Paid


class Chronicle(Protocol):
    """What was said in past cycles, and what replays took."""

    async def events(self, desk_id: str, cycle_id: str) -> tuple[Event, ...]:
        """A cycle's events, in their order; none of a cycle that the desk does not know."""
        ...

    async def paid(self, replay_id: str) -> Paid:
        """The calls that a replay was first to make, and what counts of them in the ledger of spend."""
        ...
