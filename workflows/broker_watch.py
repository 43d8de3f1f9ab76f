"""The one listener at a desk's account. Its workflow id is the desk's, so there is never a second."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.watching import WatchingActivities
    from workflows import policies
    from workflows.starting import given


@workflow.defn
class BrokerWatch:
    """Listen to the broker's account of moving orders, for ever."""

    @workflow.run
    async def run(self, desk_id: str | None = None) -> None:
        """Listen; when the line is cut, listen again after a pause."""
        desk_id = given(desk_id)
        while not workflow.info().is_continue_as_new_suggested():
            try:
                heard = await workflow.execute_activity_method(
                    WatchingActivities.watch_orders, desk_id, summary="orders as they move", **policies.WATCH
                )
                workflow.set_current_details(f"the line was cut after {heard} words")
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                workflow.set_current_details(f"not heard: {error.cause or error}")
            await workflow.sleep(policies.WATCH_PAUSE, summary="before listening again")
        workflow.continue_as_new(desk_id)
