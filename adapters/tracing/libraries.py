"""Libraries that make spans by instrumentation: the database's statements, and requests to vendors.

Only within a trace: what a scrape or a look of the page reads would be a trace of one statement each. And nothing of a
trace is sent along: no vendor is told how our house is built.
"""

from __future__ import annotations

from typing import Any

from opentelemetry import metrics, propagate, trace
from opentelemetry.context import Context
from opentelemetry.instrumentation.httpx import HTTPX2ClientInstrumentor, HTTPXClientInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.instrumentation.sqlalchemy.engine import EngineTracer
from opentelemetry.propagators.textmap import (
    CarrierT,
    Getter,
    Setter,
    TextMapPropagator,
    default_getter,
    default_setter,
)
from opentelemetry.trace import Tracer, TracerProvider
from sqlalchemy.ext.asyncio import AsyncEngine


class Nothing(TextMapPropagator):
    """Tells nobody of our traces, and joins nobody's. Through Temporal they go by its plugin's own way."""

    def extract(
        self,
        carrier: CarrierT,  # noqa: ARG002  the SDK's
        context: Context | None = None,
        getter: Getter[CarrierT] = default_getter,  # noqa: ARG002  the SDK's
    ) -> Context:
        """What was there before."""
        return Context() if context is None else context

    def inject(
        self, carrier: CarrierT, context: Context | None = None, setter: Setter[CarrierT] = default_setter
    ) -> None:
        """Add nothing."""

    @property
    def fields(self) -> set[str]:
        """No header."""
        return set()


class WithinTraces(TracerProvider):
    """Makes spans under a span that is recorded, and otherwise none."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider

    def get_tracer(self, *args: Any, **options: Any) -> Tracer:
        """A tracer like that."""
        return _Within(self._provider.get_tracer(*args, **options))


class _Within(Tracer):
    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def _chosen(self) -> Tracer:
        return self._tracer if trace.get_current_span().is_recording() else _NOBODY

    def start_span(self, *args: Any, **options: Any) -> trace.Span:
        return self._chosen().start_span(*args, **options)

    def start_as_current_span(self, *args: Any, **options: Any) -> Any:
        return self._chosen().start_as_current_span(*args, **options)


_NOBODY = trace.NoOpTracer()


def instrument(provider: TracerProvider) -> WithinTraces:
    """Let every HTTP client of this process make spans. Answers whose spans they are."""
    propagate.set_global_textmap(Nothing())
    within = WithinTraces(provider)
    for one in (HTTPX2ClientInstrumentor, HTTPXClientInstrumentor, RequestsInstrumentor):
        one().instrument(tracer_provider=within)
    return within


def see(engine: AsyncEngine, within: WithinTraces) -> None:
    """Make a span of each statement of an engine; it has the statement's text, and never its values.

    The instrumentor would see to one engine alone, to every one that is made by anybody after it, and to no SQLAlchemy
    of today: what it does with an engine listens to events that have been the same for ten years.
    """
    usage = metrics.NoOpMeter(__name__).create_up_down_counter("connections")
    EngineTracer(within.get_tracer(__name__), engine.sync_engine, usage)  # type: ignore[no-untyped-call]
