"""The one teller of a desk's alerts. Its workflow id is the desk's, so there is never a second."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.alerting import AlertingActivities
    from workflows import policies
    from workflows.starting import given
    from workflows.watches import for_ever


@workflow.defn(versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class AlertWatch:
    """Raise alerts and tell them, for ever."""

    @workflow.run
    async def run(self, desk_id: str | None = None) -> None:
        """Tell; when the worker that told has ended, another goes on after a pause."""
        self._desk_id = given(desk_id)
        await for_ever(self._desk_id, self._tell, policies.WATCH_PAUSE)

    async def _tell(self) -> timedelta:
        told = await workflow.execute_activity_method(
            AlertingActivities.deliver_alerts, self._desk_id, summary="alerts to those who read them", **policies.TELL
        )
        workflow.set_current_details(f"{told} messages by the last worker")
        return policies.WATCH_PAUSE
