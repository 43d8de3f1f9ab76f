"""The one listener at a desk's account. Its workflow id is the desk's, so there is never a second."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.watching import WatchingActivities
    from workflows import policies
    from workflows.starting import given
    from workflows.watches import for_ever


@workflow.defn(versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class BrokerWatch:
    """Listen to the broker's account of moving orders, for ever."""

    @workflow.run
    async def run(self, desk_id: str | None = None) -> None:
        """Listen; when the line is cut, listen again after a pause."""
        self._desk_id = given(desk_id)
        await for_ever(self._desk_id, self._listen, policies.WATCH_PAUSE)

    async def _listen(self) -> timedelta:
        heard = await workflow.execute_activity_method(
            WatchingActivities.watch_orders, self._desk_id, summary="orders as they move", **policies.WATCH
        )
        workflow.set_current_details(f"the line was cut after {heard} words")
        return policies.WATCH_PAUSE
