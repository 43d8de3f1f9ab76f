"""The edges of the desk, in one place.

Every activity heartbeats, its log lines say whose they are, its errors say whether to try again, and its result is
read back before it is recorded. A signal that its handler cannot take is dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from inspect import signature
from typing import Any, get_type_hints

import structlog
from pydantic import ValidationError
from temporalio import activity, workflow
from temporalio.converter import PayloadConverter
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ActivityOutboundInterceptor,
    ExecuteActivityInput,
    ExecuteWorkflowInput,
    HandleSignalInput,
    HandleUpdateInput,
    Interceptor,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from temporalio.workflow import ActivityHandle

from adapters.temporal.records import first_wrong
from adapters.temporal.whose import whose, whose_by_name, whose_workflow
from trading.errors import Final, Retryable

log = structlog.get_logger()

# A quarter of the heartbeat's time-out: three may be lost before the server gives the activity up.
BEATS_IN_A_TIMEOUT = 4
# An error that no adapter has classified is tried so often and no more: a bug is not mended by patience.
UNCLASSIFIED_TRIES = 3
# A short fault costs five tries at most. At the sixth a person should look: said once, for eighty would not be read.
LOUD_TRY = 6
TRACE = "trading-trace"
"""The header of an activity that says for which trace it works."""


class Edges(Interceptor):
    """Wraps every activity and every workflow of a worker."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002  the SDK's name
        """Put the edge around the next interceptor."""
        return _Edge(next)

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002, ARG002  the SDK's name, and its offer
    ) -> type[WorkflowInboundInterceptor]:
        """What stands before a workflow."""
        return _Within


class _Edge(ActivityInboundInterceptor):
    def init(self, outbound: ActivityOutboundInterceptor) -> None:
        super().init(_Said(outbound))

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002  the SDK's name
        # Each activity is a task of its own, so the binding ends with it; the SDK's lines about it carry the ids too.
        known = {**whose_by_name(activity.info().workflow_id or ""), **_asked_by(input)}
        structlog.contextvars.bind_contextvars(**{**known, **whose(input.fn, input.args)})
        try:
            async with _heartbeat():
                result = _read_back(await super().execute_activity(input), input)
        except Final as error:
            raise ApplicationError(str(error), type=type(error).__name__, non_retryable=True) from error
        except Retryable as error:
            after = error.retry_after_seconds
            delay = timedelta(seconds=after) if after is not None else None
            if activity.info().attempt == LOUD_TRY:
                log.error("fails again and again", error=str(error))  # noqa: TRY400  the SDK writes the traceback
            raise ApplicationError(str(error), type=type(error).__name__, next_retry_delay=delay) from error
        except ValidationError as error:
            raise ApplicationError(first_wrong(error), type="InvalidRecord", non_retryable=True) from error
        except ApplicationError:
            raise
        except Exception as error:
            # Nobody has said whether this may pass: a few tries, then it is a bug, and a person's.
            message, last = f"{type(error).__name__}: {error}", activity.info().attempt >= UNCLASSIFIED_TRIES
            raise ApplicationError(message, type="Unclassified", non_retryable=last) from error
        log.info("done")
        return result


class _Said(ActivityOutboundInterceptor):
    """The edge's own beats say again what the activity last said of itself: else each would take that back."""

    _last: tuple[Any, ...] = ()

    def heartbeat(self, *details: Any) -> None:
        self._last = details or self._last
        super().heartbeat(*self._last)


class _Within(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Asking(outbound))

    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002  the SDK's name
        """Say of each line that the workflow and its tasks write whose it is."""
        structlog.contextvars.bind_contextvars(**{**whose_workflow(), **whose(input.run_fn, input.args)})
        return await super().execute_workflow(input)

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:  # noqa: A002  the SDK's name
        """The same of an update, which is a task of its own."""
        structlog.contextvars.bind_contextvars(**whose_workflow())
        return await super().handle_update_handler(input)

    async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002  the SDK's name
        """Drop a signal with too few or too many arguments: the workflow's task would be tried for ever."""
        structlog.contextvars.bind_contextvars(**whose_workflow())
        # The SDK's own answer is a wrapper that takes anything; our handlers bear their signals' names.
        handler = getattr(workflow.instance(), input.signal, None)
        if handler is not None:
            try:
                signature(handler).bind(*input.args)
            except TypeError as error:
                workflow.logger.error("the signal %s is dropped: %s", input.signal, error)
                return
        await super().handle_signal(input)


class _Asking(WorkflowOutboundInterceptor):
    """Tells each activity for which trace it works: not every record says so, and its log lines shall."""

    def start_activity(self, input: StartActivityInput) -> ActivityHandle[Any]:  # noqa: A002  the SDK's name
        trace_id = structlog.contextvars.get_contextvars().get("trace_id")
        if isinstance(trace_id, str):
            input.headers = {**input.headers, TRACE: PayloadConverter.default.to_payload(trace_id)}
        return super().start_activity(input)


def _asked_by(input: ExecuteActivityInput) -> dict[str, str]:  # noqa: A002  the SDK's name
    told = input.headers.get(TRACE)
    return {} if told is None else {"trace_id": str(PayloadConverter.default.from_payload(told))}


@asynccontextmanager
async def _heartbeat() -> AsyncIterator[None]:
    """Beat while the activity runs, so that a dead worker is noticed in seconds."""
    timeout = activity.info().heartbeat_timeout
    beating = asyncio.create_task(_beat(timeout / BEATS_IN_A_TIMEOUT)) if timeout else None
    try:
        yield
    finally:
        if beating is not None:
            beating.cancel()
            await asyncio.wait([beating])


async def _beat(every: timedelta) -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(every.total_seconds())


def _read_back(result: Any, call: ExecuteActivityInput) -> Any:
    """Encode and decode the result here: one that cannot be read would be recorded as done, and wedge its workflow."""
    converter = activity.payload_converter()
    try:
        converter.from_payloads(converter.to_payloads([result]), [get_type_hints(call.fn)["return"]])
    except (ApplicationError, ValueError, TypeError) as error:
        message = f"the result of {activity.info().activity_type} cannot be read back: {error}"
        raise ApplicationError(message, type="UnreadableResult", non_retryable=True) from error
    return result
