"""Starting an order's own workflow, in one way wherever it comes from."""

from __future__ import annotations

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ChildWorkflowHandle, ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from trading.orders import Order, OrderRequest
    from workflows import policies
    from workflows.order_execution import OrderExecution


async def start_order(request: OrderRequest) -> ChildWorkflowHandle[OrderExecution, Order]:
    """Start it; it goes on whatever becomes of who started it. Raises WorkflowAlreadyStartedError the second time."""
    return await workflow.start_child_workflow(
        OrderExecution.run,
        request,
        id=request.client_order_id,
        task_timeout=policies.TASK,
        task_queue=policies.DESK_QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        parent_close_policy=ParentClosePolicy.ABANDON,
        execution_timeout=policies.ORDER_LIFE * 2,
        static_summary=f"{request.side} {request.quantity:f} {request.symbol}",
    )


async def send_and_wait(request: OrderRequest) -> None:
    """Start it and wait a while for its end; one that is still under way, or was started before, goes on by itself."""
    try:
        child = await start_order(request)
        await workflow.wait_condition(child.done, timeout=policies.ORDER_PATIENCE, timeout_summary="patience")
    except (TimeoutError, WorkflowAlreadyStartedError):
        workflow.logger.warning("the order %s is still under way", request.client_order_id)
