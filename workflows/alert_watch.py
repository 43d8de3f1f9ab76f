"""The one teller of a desk's alerts. Its workflow id is the desk's, so there is never a second."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.alerting import AlertingActivities
    from workflows import policies
    from workflows.starting import given


@workflow.defn
class AlertWatch:
    """Raise alerts and tell them, for ever."""

    @workflow.run
    async def run(self, desk_id: str | None = None) -> None:
        """Tell; when the worker that told has ended, another goes on after a pause."""
        desk_id = given(desk_id)
        while not workflow.info().is_continue_as_new_suggested():
            try:
                told = await workflow.execute_activity_method(
                    AlertingActivities.deliver_alerts, desk_id, summary="alerts to those who read them", **policies.TELL
                )
                workflow.set_current_details(f"{told} messages by the last worker")
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                workflow.set_current_details(f"not told: {error.cause or error}")
            await workflow.sleep(policies.WATCH_PAUSE, summary="before telling again")
        workflow.continue_as_new(desk_id)
