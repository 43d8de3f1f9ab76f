"""OpenTelemetry switched on: one provider a process, which exports by OTLP as the standard variables say."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.contrib.opentelemetry import ReplaySafeTracerProvider

from adapters.tracing import ids, libraries
from adapters.tracing.exporting import Redact, Sparing
from adapters.tracing.sampling import WithoutLooks
from adapters.tracing.spans import Attributes, Kind, Tell

NAME = "trading-desk"
ERROR_TYPE = "error.type"
CLOSE_SECONDS = 3.0
"""What a process that ends waits for its last spans: a person may be waiting for it."""
_KINDS = {Kind.INTERNAL: SpanKind.INTERNAL, Kind.CLIENT: SpanKind.CLIENT, Kind.SERVER: SpanKind.SERVER}
_SERVER_ERRORS = 500


class OpenTelemetry:
    """The port `Tracer`."""

    def __init__(self, provider: ReplaySafeTracerProvider, within: libraries.WithinTraces, exporter: Sparing) -> None:
        self._provider = provider
        self._within = within
        self._exporter = exporter
        self._tracer = provider.get_tracer(NAME)

    @contextmanager
    def span(self, name: str, attributes: Attributes, kind: Kind) -> Iterator[Tell]:
        """A span within the current one."""
        known = {key: value for key, value in attributes.items() if value is not None}
        with self._tracer.start_as_current_span(name, kind=_KINDS[kind], attributes=known) as span:
            try:
                yield lambda more: _tell(span, more)
            except Exception as error:
                span.set_attribute(ERROR_TYPE, type(error).__name__)
                raise

    @contextmanager
    def asked(self, name: str, trace_id: str) -> Iterator[Tell]:
        """The first span of a trace. Whatever `traceparent` came with it is a stranger's."""
        begun = self._tracer.start_as_current_span(
            name, kind=SpanKind.SERVER, attributes={"trading.trace_id": trace_id}
        )
        with ids.under(context.Context()), ids.named(trace_id), begun as span:
            yield lambda more: _tell(span, more)

    def see(self, engine: AsyncEngine) -> None:
        """Make spans of an engine's statements."""
        libraries.see(engine, self._within)

    def close(self) -> None:
        """Export what is left; whatever still hangs after that ends with the process."""
        ending = threading.Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        ending.join(CLOSE_SECONDS)
        if ending.is_alive():
            self._exporter.hangs()


def started(redact: Redact, exporter: SpanExporter | None = None) -> OpenTelemetry:
    """Make the process's provider: endpoint, headers, batches, sampler and resource by the standard variables.

    `exporter` in place of the OTLP one is for tests.
    """
    generator = ids.TraceIds()
    real = TracerProvider(resource=_resource(), id_generator=generator, shutdown_on_exit=False)
    real.sampler = WithoutLooks(real.sampler)
    sparing = Sparing(exporter or OTLPSpanExporter(), redact)
    real.add_span_processor(BatchSpanProcessor(sparing))
    provider = ReplaySafeTracerProvider(real, generator)
    trace.set_tracer_provider(provider)
    # It would say at each batch what `Sparing` says once. What it has to say of the variables it has said by now.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    return OpenTelemetry(provider, libraries.instrument(provider), sparing)


def _resource() -> Resource:
    """What the variables say of this process, and our name where they name none."""
    told = Resource.create()
    unnamed = str(told.attributes.get(SERVICE_NAME, "")).startswith("unknown_service")
    return told.merge(Resource({SERVICE_NAME: NAME})) if unnamed else told


def _tell(span: Any, attributes: Attributes) -> None:
    known = {key: value for key, value in attributes.items() if value is not None}
    name = known.pop("name", None)
    if isinstance(name, str):
        span.update_name(name)
    span.set_attributes(known)
    status = known.get("http.response.status_code")
    if isinstance(status, int) and status >= _SERVER_ERRORS:
        span.set_status(Status(StatusCode.ERROR))
