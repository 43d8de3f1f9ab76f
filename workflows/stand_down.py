"""Leaving the market: what rests is cancelled first, then, if asked, what is held is sold, once."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.orders import OrderActivities
    from activities.standing_down import StandingDownActivities
    from trading.desk import HaltAsked, StandDownAsked
    from trading.orders import OrderRequest
    from workflows import policies
    from workflows.order_execution import send_and_wait
    from workflows.starting import given


@workflow.defn
class StandDown:
    """Cancel, then sell, then halt."""

    @workflow.run
    async def run(self, asked: StandDownAsked | None = None) -> None:
        """Cancel what rests; with `flatten` sell what is held, and tell the desk to halt when that is on its way."""
        asked = given(asked)
        await self._cancel(asked)
        if not asked.flatten:
            return
        exits: tuple[OrderRequest, ...] = await workflow.execute_activity_method(
            StandingDownActivities.intend_exits, asked, summary="sell what is held", **policies.ORDERS
        )
        for request in exits:
            await send_and_wait(request)
        desk = workflow.get_external_workflow_handle(f"desk/{asked.desk_id}")
        await desk.signal("halt", HaltAsked(reason=asked.reason, by=asked.by, trace_id=asked.trace_id))

    async def _cancel(self, asked: StandDownAsked) -> None:
        for _ in range(policies.MOST_CANCELS):
            left = await workflow.execute_activity_method(
                OrderActivities.cancel_resting, asked.desk_id, summary="cancel what rests", **policies.ORDERS
            )
            workflow.set_current_details(f"{left} orders still open")
            if not left:
                return
            await workflow.sleep(policies.FIRST_LOOK, summary="until they are cancelled")
