"""Where the cycles of a desk were asked for, remembered until each has its turn.

A desk lives for ever and runs what others ask for: a cycle is part of the trace of whoever asked, not of its.
The memory is made from headers, which lie in the history, so it is the same on every replay; the desk's next run is
handed it in a header.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from opentelemetry import context, trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadConverter

from adapters.temporal.whose import trace_of
from adapters.tracing import ids
from trading.desk import PriceMoved
from trading.steps import Cycle, CycleRequest
from trading.strategy import AGENTS

CARRIED = "trading-turns"
MOST_REMEMBERED = 400
"""All that may wait at a desk, and be held. What is forgotten begins its trace itself, under the same id."""


class AskedTurns:
    """Of each cycle that waits: the span that asked for it, and when."""

    def __init__(self) -> None:
        self._asked: dict[str, tuple[str, int]] = {}
        self._own = context.Context()

    def begin(self, headers: Mapping[str, Payload]) -> None:
        """This run begins within the current span, and knows what the one before it knew."""
        self._own = context.get_current()
        if (carried := headers.get(CARRIED)) is not None:
            (told,) = PayloadConverter.default.from_payloads([carried])
            self._asked = {str(key): (str(span), int(at)) for key, (span, at) in told.items()}

    def carried(self) -> dict[str, Payload]:
        """The header for the next run."""
        if not self._asked:
            return {}
        (payload,) = PayloadConverter.default.to_payloads([{key: list(one) for key, one in self._asked.items()}])
        return {CARRIED: payload}

    def remember(self, args: Sequence[Any]) -> None:
        """Somebody asks for cycles, within the current span; asked again it is the same cycle."""
        span = trace.get_current_span().get_span_context()
        for key in _keys(args):
            if span.is_valid and key not in self._asked:
                self._asked[key] = _written(span), workflow.time_ns()
        for key in list(self._asked)[: max(0, len(self._asked) - MOST_REMEMBERED)]:
            del self._asked[key]

    @contextmanager
    def part(self, args: Sequence[Any]) -> Iterator[None]:
        """What the desk does with these arguments is part of the trace that they name."""
        named = trace_of(args)
        if args and isinstance(args[0], Cycle):
            with self._turn(args[0]):
                yield
        elif named == workflow.info().run_id:
            with ids.under(self._own):
                yield
        else:
            with ids.within(named):
                yield

    @contextmanager
    def _turn(self, cycle: Cycle) -> Iterator[None]:
        """A cycle's wait for its turn, from when it was asked for until it has begun."""
        request = cycle.request
        asked, at = self._asked.pop(_key(cycle.trace_id, request.strategy_id), (None, None))
        parent = context.Context() if asked is None else trace.set_span_in_context(_read(asked), context.Context())
        told = {"trading.cycle_id": cycle.cycle_id, "trading.strategy_id": request.strategy_id}
        tracer = trace.get_tracer(__name__)
        turn = tracer.start_as_current_span("turn at the desk", attributes=told, start_time=at)
        with ids.under(parent), ids.named(cycle.trace_id), turn:
            yield


def _keys(args: Sequence[Any]) -> list[str]:
    asked = args[0] if args else None
    if isinstance(asked, CycleRequest):
        return [_key(asked.trace_id, asked.strategy_id)]
    if isinstance(asked, PriceMoved):
        return [_key(asked.trace_id, name) for name in asked.strategies or (AGENTS,)]
    return []


def _key(trace_id: str, strategy_id: str) -> str:
    return f"{strategy_id} {trace_id}"


def _written(span: SpanContext) -> str:
    return f"{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}"


def _read(words: str) -> NonRecordingSpan:
    trace_id, span_id, flags = (int(one, 16) for one in words.split("-"))
    return NonRecordingSpan(SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags)))
