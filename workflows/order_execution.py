"""One order's life as a workflow. Its workflow id is the client order id, so Temporal itself refuses a second."""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, WorkflowAlreadyStartedError, is_cancelled_exception
from temporalio.workflow import ChildWorkflowHandle, ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from activities.orders import OrderActivities
    from activities.repricing import Repriced, RepricingActivities
    from trading.orders import PROTECTIVE, UNANSWERED, Leg, Order, OrderRequest, OrderState
    from trading.repricing import reprices_of
    from trading.settlement import Look, Looking, Sending
    from workflows import policies, search_attributes
    from workflows.order_search import OrderSearch
    from workflows.starting import given
    from workflows.telling import tell_desk


@workflow.defn
class OrderExecution:
    """Send once, follow until it is done, cancel what is left at the end of its life."""

    @workflow.run
    async def run(self, request: OrderRequest | None = None) -> Order:
        """Clear the way, send, follow; what is not filled in the order's life is cancelled."""
        request = given(request)
        self._tell(request, "being sent")
        await self._clear_way(request)
        order = await self._send(request)
        if request.leg not in PROTECTIVE:
            order = await self._follow(request, order)
        self._tell(request, f"{order.state}, {order.filled_quantity:f} filled")
        return order

    async def _clear_way(self, request: OrderRequest) -> None:
        """What protects a position yields to its exit; one that is still held back by then is refused, and told."""
        for _ in range(policies.MOST_CLEARINGS if request.leg is Leg.EXIT else 0):
            left = await workflow.execute_activity_method(
                OrderActivities.clear_way, request, summary=f"cancel what protects {request.symbol}", **policies.ORDERS
            )
            if not left:
                return
            await workflow.sleep(policies.FIRST_LOOK, summary="until they are cancelled")

    async def _send(self, request: OrderRequest) -> Order:
        """Send it, and stay until the broker has said whether it has it; send again only what it surely lacks.

        When it does not say for long the desk halts and a person is called; the looks go on, ever more seldom.
        """
        send_by, ends_at = workflow.now() + policies.SEND_WITHIN, workflow.now() + policies.ORDER_LIFE
        order = await self._submit(Sending(request=request, asked_at=workflow.now(), send_by=send_by))
        search = OrderSearch(sent_at=workflow.now())
        while order.state in UNANSWERED and workflow.now() < ends_at:
            self._tell(request, f"{order.state}: the broker does not say whether it has it")
            await workflow.sleep(search.pause, summary="until the next look-up")
            looking = Looking(request=request, sent_at=search.sent_at, looked_at=workflow.now())
            look = await self._look_up(looking, order)
            order, search = look.order, search.after(look)
            if order.state in UNANSWERED and search.sends_again:
                again = Sending(request=request, again=True, asked_at=workflow.now(), send_by=send_by)
                order, search = await self._submit(again), search.sent_again(workflow.now())
            if order.state in UNANSWERED and search.gives_up:
                order = await self._give_up(request)
        return order

    async def _submit(self, sending: Sending) -> Order:
        """Send once. A broker that cannot even be asked has not got the order, but for all we know it may get it."""
        words = f"{'again ' if sending.again else ''}{sending.request.side} {sending.request.quantity:f}"
        try:
            return await workflow.execute_activity_method(
                OrderActivities.submit_order,
                sending,
                summary=f"submit {words} {sending.request.symbol}",
                **policies.SEND,
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            return Order(request=sending.request, state=OrderState.SUBMITTED)

    async def _look_up(self, looking: Looking, order: Order) -> Look:
        """Look for the order; a look that could not be made says nothing."""
        try:
            return await workflow.execute_activity_method(
                OrderActivities.look_up_order, looking, summary="does the broker have it?", **policies.LOOK_UP
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            return Look(order=order, is_missing=False)

    async def _give_up(self, request: OrderRequest) -> Order:
        order: Order = await workflow.execute_activity_method(
            OrderActivities.give_up_order, request, summary="unknown: halt, and call a person", **policies.ORDERS
        )
        await tell_desk(request.desk_id)
        return order

    async def _follow(self, request: OrderRequest, order: Order) -> Order:
        """Look at it until it has ended; what is left at the end of its life is cancelled."""
        ends_at, left_behind_at = self._end(request), self._left_behind(request)
        pause = policies.FIRST_LOOK
        while order.is_open and order.state not in UNANSWERED:
            self._tell(request, f"{order.state}, {order.filled_quantity:f} filled")
            await workflow.sleep(pause, summary="until the next look")
            if workflow.now() >= ends_at:
                return await self._cancel(request)
            if left_behind_at and workflow.now() >= left_behind_at and not order.filled_quantity:
                return await self._reprice(request)
            order = await workflow.execute_activity_method(
                OrderActivities.follow_order, request, summary=f"follow {request.symbol}", **policies.ORDERS
            )
            pause = min(pause * 2, policies.LAST_LOOK)
        return order

    async def _reprice(self, request: OrderRequest) -> Order:
        """Take back a limit order that the market has left behind; it goes on at a new price as its own order."""
        order = await self._cancel(request)
        repriced: Repriced = await workflow.execute_activity_method(
            RepricingActivities.intend_successor,
            request,
            summary=f"reprice {request.symbol}",
            **policies.ORDERS,
        )
        workflow.set_current_details(f"taken back after {request.reprice_seconds} s without a fill: {repriced.words}")
        if repriced.request is None:
            return order
        return await (await start_order(repriced.request))

    async def _cancel(self, request: OrderRequest) -> Order:
        """Cancel what is left, and look until the broker has ended it."""
        for _ in range(policies.MOST_CANCELS):
            order: Order = await workflow.execute_activity_method(
                OrderActivities.cancel_order, request, summary=f"cancel {request.symbol}", **policies.ORDERS
            )
            if not order.is_open:
                break
            await workflow.sleep(policies.FIRST_LOOK, summary="until it is cancelled")
        return order

    def _left_behind(self, request: OrderRequest) -> datetime | None:
        """When a limit order without a fill is taken back; None when never."""
        if not request.reprice_seconds or reprices_of(request) >= policies.MOST_REPRICES:
            return None
        return workflow.now() + timedelta(seconds=request.reprice_seconds)

    def _end(self, request: OrderRequest) -> datetime:
        """When what is left of it is cancelled: at the session's end, or after an order's longest life."""
        latest = workflow.now() + policies.ORDER_LIFE
        return min(request.expires_at, latest) if request.expires_at else latest

    def _tell(self, request: OrderRequest, words: str) -> None:
        workflow.set_current_details(f"**{request.side} {request.quantity:f} {request.symbol}**: {words}")


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
        search_attributes=search_attributes.of_order(request),
        static_summary=f"{request.side} {request.quantity:f} {request.symbol}",
    )


async def send_and_wait(request: OrderRequest) -> None:
    """Start it and wait a while for its end; one that is still under way, or was started before, goes on by itself."""
    try:
        child = await start_order(request)
        await workflow.wait_condition(child.done, timeout=policies.ORDER_PATIENCE, timeout_summary="patience")
    except (TimeoutError, WorkflowAlreadyStartedError):
        workflow.logger.warning("the order %s is still under way", request.client_order_id)
