"""One order's life as a workflow. Its workflow id is the client order id, so Temporal itself refuses a second."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.orders import OrderActivities
    from trading.orders import Order, OrderRequest
    from workflows import policies
    from workflows.starting import given


@workflow.defn
class OrderExecution:
    """Send once, follow until it is done, cancel what is left at the end of its life."""

    @workflow.run
    async def run(self, request: OrderRequest | None = None) -> Order:
        """Look up, send, follow; what is not filled in the order's life is cancelled."""
        request = given(request)
        words = f"{request.side} {request.quantity:f} {request.symbol}"
        workflow.set_current_details(f"**{words}**: being sent")
        order: Order = await workflow.execute_activity_method(
            OrderActivities.submit_order, request, summary=f"submit {words}", **policies.ORDERS
        )
        ends_at = workflow.now() + policies.ORDER_LIFE
        pause = policies.FIRST_LOOK
        while order.is_open and workflow.now() < ends_at:
            workflow.set_current_details(f"**{words}**: {order.state}, {order.filled_quantity:f} filled")
            await workflow.sleep(pause, summary="until the next look")
            order = await workflow.execute_activity_method(
                OrderActivities.follow_order, request, summary=f"follow {words}", **policies.ORDERS
            )
            pause = min(pause * 2, policies.LAST_LOOK)
        if order.is_open:
            order = await workflow.execute_activity_method(
                OrderActivities.cancel_order, request, summary=f"cancel {words}", **policies.ORDERS
            )
        workflow.set_current_details(f"**{words}**: {order.state}, {order.filled_quantity:f} filled")
        return order
