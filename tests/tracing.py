"""Tracing in a test's own process: OpenTelemetry takes one provider a process, so all tests here share it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from temporalio.client import Client
from temporalio.contrib.opentelemetry import ReplaySafeTracerProvider

from adapters.redaction import Redaction
from adapters.temporal.plugin import DeskPlugin
from adapters.tracing import spans
from adapters.tracing.provider import OpenTelemetry, started
from adapters.tracing.temporal import plugins
from tests.otlp import Receiver, receiving

SECRET = "correct-horse"  # noqa: S105  nobody's


class _Turning(SpanExporter):
    """Exports to whoever receives at the moment."""

    to: SpanExporter | None = None

    def export(self, spans: tuple[ReadableSpan, ...]) -> SpanExportResult:  # type: ignore[override]
        return SpanExportResult.SUCCESS if self.to is None else self.to.export(spans)


_turning = _Turning()


@cache
def _started() -> OpenTelemetry:
    return started(Redaction([SECRET]), _turning)


@contextmanager
def traced() -> Iterator[Receiver]:
    """Trace what this process does until the block is left."""
    tracer = _started()
    with receiving() as receiver:
        _turning.to = OTLPSpanExporter(endpoint=f"{receiver.url}/v1/traces")
        spans.switch(tracer)
        try:
            yield receiver
        finally:
            spans.switch(None)
            flush()
            _turning.to = None


def flush() -> None:
    """Let all spans that have ended arrive."""
    provider = trace.get_tracer_provider()
    assert isinstance(provider, ReplaySafeTracerProvider)
    provider.force_flush()


async def tracing(client: Client) -> Client:
    """A client of the same server that hands traces on."""
    address = client.service_client.config.target_host
    return await Client.connect(address, namespace=client.namespace, plugins=[DeskPlugin(), *plugins()])
