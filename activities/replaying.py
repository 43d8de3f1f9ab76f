"""What a replay reads: the past cycle as it was, and what was paid to decide it once more. Nothing is written here."""

from __future__ import annotations

from temporalio import activity

from trading.memory_ports import GroundsKept
from trading.spoken import lines
from trading.whatif import Paid, Past, ReplayAsked
from trading.whatif_ports import Chronicle


class ReplayActivities:
    """Past cycles, to be looked at."""

    def __init__(self, grounds: GroundsKept, chronicle: Chronicle) -> None:
        self._grounds = grounds
        self._chronicle = chronicle

    @activity.defn
    async def load_past(self, asked: ReplayAsked) -> Past:
        """What a cycle decided from, and what was said in it. Raises BooksDisagree for one without grounds.

        Repeat: reads only.
        """
        grounds = await self._grounds.load(asked.desk_id, asked.cycle_id)
        return Past(grounds=grounds, lines=lines(await self._chronicle.events(asked.desk_id, asked.cycle_id)))

    @activity.defn
    async def sum_up_replay(self, asked: ReplayAsked) -> Paid:
        """What the replay asked that nobody had asked before, and what that took.

        Repeat: reads only.
        """
        return await self._chronicle.paid(asked.replay_id)
