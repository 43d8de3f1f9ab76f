"""Traces through Temporal: its own plugin makes and hands on the spans, ours says which trace each is part of.

Ours stands on both sides of it: before it, where a trace begins, and after it, where the span is there to be described.
"""

from __future__ import annotations

from typing import Any, NoReturn

from opentelemetry import context, trace
from temporalio import activity, workflow
from temporalio import client as clients
from temporalio import worker as workers
from temporalio.common import SearchAttributeKey
from temporalio.contrib.opentelemetry import OpenTelemetryPlugin
from temporalio.plugin import SimplePlugin
from temporalio.workflow import ActivityHandle, ChildWorkflowHandle

from adapters.temporal.whose import trace_of, whose, whose_by_name, whose_workflow
from adapters.tracing import ids, spans, told
from adapters.tracing.turns import AskedTurns

HEADER = "_tracer-data"
"""Where Temporal's plugin writes the span that asked."""
ENDLESS = frozenset({"TradingDesk", "AlertWatch", "BrokerWatch", "PriceWatch"})
"""Workflows without an end: no part of the trace of whoever happened to start them."""
LONG = frozenset({"deliver_alerts", "watch_orders", "watch_prices"})
"""Activities of hours: what they do meanwhile would be a span without end, with thousands in it."""
_SCHEDULED_AT = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")


def plugins() -> list[SimplePlugin]:
    """What a client is given besides the desk's own plugin, in this order."""
    return [
        SimplePlugin("trading-desk-traces", interceptors=[Before()]),
        OpenTelemetryPlugin(add_temporal_spans=True),
        SimplePlugin("trading-desk-spans", interceptors=[After()]),
    ]


class Before(clients.Interceptor, workers.Interceptor):
    """Says which trace begins."""

    def intercept_client(self, next: clients.OutboundInterceptor) -> clients.OutboundInterceptor:  # noqa: A002  the SDK's
        """Before a client's calls."""
        return _Asking(next)

    def intercept_activity(self, next: workers.ActivityInboundInterceptor) -> workers.ActivityInboundInterceptor:  # noqa: A002  the SDK's
        """Before an activity."""
        return _BeforeActivity(next)

    def workflow_interceptor_class(
        self,
        input: workers.WorkflowInterceptorClassInput,  # noqa: A002, ARG002  the SDK's
    ) -> type[workers.WorkflowInboundInterceptor]:
        """Before a workflow."""
        return _BeforeWorkflow


class After(clients.Interceptor, workers.Interceptor):
    """Describes the spans that there are, and keeps a desk's own apart from those of what it runs."""

    def intercept_activity(self, next: workers.ActivityInboundInterceptor) -> workers.ActivityInboundInterceptor:  # noqa: A002  the SDK's
        """Within an activity's span."""
        return _AfterActivity(next)

    def workflow_interceptor_class(
        self,
        input: workers.WorkflowInterceptorClassInput,  # noqa: A002, ARG002  the SDK's
    ) -> type[workers.WorkflowInboundInterceptor]:
        """Within a workflow's span."""
        return _AfterWorkflow


class _Asking(clients.OutboundInterceptor):
    """What a record names as its trace, it is part of, whoever sends it from within which other."""

    async def start_workflow(self, input: clients.StartWorkflowInput) -> clients.WorkflowHandle[Any, Any]:  # noqa: A002  the SDK's
        with ids.within(trace_of([*input.start_signal_args, *input.args])):
            return await super().start_workflow(input)

    async def signal_workflow(self, input: clients.SignalWorkflowInput) -> None:  # noqa: A002  the SDK's
        with ids.within(trace_of(input.args)):
            await super().signal_workflow(input)

    async def start_workflow_update(self, input: clients.StartWorkflowUpdateInput) -> clients.WorkflowUpdateHandle[Any]:  # noqa: A002  the SDK's
        with ids.within(trace_of(input.args)):
            return await super().start_workflow_update(input)

    async def start_update_with_start_workflow(
        self,
        input: clients.StartWorkflowUpdateWithStartInput,  # noqa: A002  the SDK's
    ) -> clients.WorkflowUpdateHandle[Any]:
        with ids.within(trace_of(input.update_workflow_input.args)):
            return await super().start_update_with_start_workflow(input)


class _BeforeActivity(workers.ActivityInboundInterceptor):
    async def execute_activity(self, input: workers.ExecuteActivityInput) -> Any:  # noqa: A002  the SDK's
        with ids.named(trace_of(input.args)):
            return await super().execute_activity(input)


class _BeforeWorkflow(workers.WorkflowInboundInterceptor):
    async def execute_workflow(self, input: workers.ExecuteWorkflowInput) -> Any:  # noqa: A002  the SDK's
        info = workflow.info()
        if info.workflow_type in ENDLESS:
            input.headers = {name: one for name, one in input.headers.items() if name != HEADER}
            name = info.run_id
        elif info.typed_search_attributes.get(_SCHEDULED_AT) is not None:
            # A schedule's argument is the same at each firing; the name that it gives is not.
            name = info.workflow_id
        else:
            name = trace_of(input.args) or info.workflow_id
        with ids.named(name):
            return await super().execute_workflow(input)

    async def handle_signal(self, input: workers.HandleSignalInput) -> None:  # noqa: A002  the SDK's
        with ids.named(trace_of(input.args) or _own_trace()):
            await super().handle_signal(input)

    async def handle_update_handler(self, input: workers.HandleUpdateInput) -> Any:  # noqa: A002  the SDK's
        with ids.named(trace_of(input.args) or _own_trace()):
            return await super().handle_update_handler(input)


def _own_trace() -> str:
    return whose_workflow().get("trace_id") or workflow.info().run_id


class _AfterActivity(workers.ActivityInboundInterceptor):
    async def execute_activity(self, input: workers.ExecuteActivityInput) -> Any:  # noqa: A002  the SDK's
        info = activity.info()
        known = {**whose_by_name(info.workflow_id or ""), **whose(input.fn, input.args)}
        trace.get_current_span().set_attributes({**_ours(known), "trading.attempt": info.attempt})
        if info.activity_type in LONG:
            with ids.under(context.Context()):
                return await super().execute_activity(input)
        work = told.work_of(info.activity_type, input.args)
        if work is None:
            result = await super().execute_activity(input)
            trace.get_current_span().set_attributes(told.given(told.of_result(result)))
            return result
        with spans.span(work.name, work.attributes) as tell:
            result = await super().execute_activity(input)
            tell(told.of_result(result))
            return result


class _AfterWorkflow(workers.WorkflowInboundInterceptor):
    def init(self, outbound: workers.WorkflowOutboundInterceptor) -> None:
        self._turns = AskedTurns()
        super().init(_AfterOutbound(outbound, self._turns))

    async def execute_workflow(self, input: workers.ExecuteWorkflowInput) -> Any:  # noqa: A002  the SDK's
        self._turns.begin(input.headers)
        span = trace.get_current_span()
        span.set_attributes(_ours({**whose_workflow(), **whose(input.run_fn, input.args)}))
        span.set_attributes(told.given(told.of_argument(input.args)))
        result = await super().execute_workflow(input)
        span.set_attributes(told.given(told.of_result(result)))
        return result

    async def handle_signal(self, input: workers.HandleSignalInput) -> None:  # noqa: A002  the SDK's
        self._turns.remember(input.args)
        await super().handle_signal(input)

    async def handle_update_handler(self, input: workers.HandleUpdateInput) -> Any:  # noqa: A002  the SDK's
        self._turns.remember(input.args)
        result = await super().handle_update_handler(input)
        trace.get_current_span().set_attributes(told.given(told.of_result(result)))
        return result


class _AfterOutbound(workers.WorkflowOutboundInterceptor):
    """What a workflow without an end starts is part of the trace that it is for."""

    def __init__(self, next: workers.WorkflowOutboundInterceptor, turns: AskedTurns) -> None:  # noqa: A002  the SDK's
        super().__init__(next)
        self._turns = turns

    def start_activity(self, input: workers.StartActivityInput) -> ActivityHandle[Any]:  # noqa: A002  the SDK's
        if workflow.info().workflow_type not in ENDLESS:
            return super().start_activity(input)
        with self._turns.part(input.args):
            return super().start_activity(input)

    async def start_child_workflow(self, input: workers.StartChildWorkflowInput) -> ChildWorkflowHandle[Any, Any]:  # noqa: A002  the SDK's
        if workflow.info().workflow_type not in ENDLESS:
            return await super().start_child_workflow(input)
        with self._turns.part(input.args):
            return await super().start_child_workflow(input)

    def continue_as_new(self, input: workers.ContinueAsNewInput) -> NoReturn:  # noqa: A002  the SDK's
        input.headers = {**input.headers, **self._turns.carried()}
        super().continue_as_new(input)


def _ours(known: dict[str, str]) -> dict[str, str]:
    return {f"trading.{name}": value for name, value in known.items()}
