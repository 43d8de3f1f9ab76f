"""Rules that decide without asking anybody."""

from __future__ import annotations

from temporalio import activity

from trading.errors import Final
from trading.ports import Snapshots
from trading.steps import RuleAsked, RuleHeard


class RuleActivities:
    """What a strategy's rule says of a snapshot."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    @activity.defn
    async def apply_rule(self, asked: RuleAsked) -> RuleHeard:
        """Let the rule look at the stored snapshot.

        Repeat: a pure function of the snapshot and the books that it is given.
        """
        await self._snapshots.load(asked.snapshot_id)
        raise Final(f"there is no rule {asked.strategy.source}")
