"""The last station of a span: without secrets, and without a word of a thousand when nobody takes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Status

Redact = Callable[[str], str]
_ADDRESSES = frozenset({"http.url", "url.full", "http.target", "url.query"})
_UNTOLD = frozenset({"exception.stacktrace"})
"""It says what the log has said, and may hold what was sent."""
MOST_CHARACTERS = 2000

log = structlog.get_logger()


class Sparing(SpanExporter):
    """Masks what is exported by another, and says once that it fails, and once that it works again."""

    def __init__(self, exporter: SpanExporter, redact: Redact) -> None:
        self._exporter = exporter
        self._redact = redact
        self._fails = False
        self._lost = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export, or count what is lost."""
        try:
            result = self._exporter.export([_masked(span, self._redact) for span in spans])
        except Exception as error:  # noqa: BLE001  whatever an exporter may raise: trading goes on
            self._failed(len(spans), type(error).__name__)
            return SpanExportResult.FAILURE
        if result is not SpanExportResult.SUCCESS:
            self._failed(len(spans), "nobody takes them")
        elif self._fails:
            self._fails = False
            log.info("traces arrive again", lost=self._lost)
        return result

    def hangs(self) -> None:
        """Say, unless it is said, that the process ends without knowing whether its last spans arrived."""
        self._failed(0, "no answer before the end")

    def _failed(self, count: int, why: str) -> None:
        self._lost += count
        if not self._fails:
            self._fails = True
            log.warning("traces are lost until somebody takes them: see OTEL_EXPORTER_OTLP_ENDPOINT", reason=why)

    def shutdown(self) -> None:
        """End the other."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """As the other does."""
        return self._exporter.force_flush(timeout_millis)


def _masked(span: ReadableSpan, redact: Redact) -> ReadableSpan:
    status = span.status
    words = status.description and redact(status.description)[:MOST_CHARACTERS]
    return ReadableSpan(
        name=span.name,
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes=_plain(span.attributes, redact),
        events=[Event(one.name, _plain(one.attributes, redact), one.timestamp) for one in span.events],
        links=span.links,
        kind=span.kind,
        status=Status(status.status_code, words),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _plain(attributes: Mapping[str, Any] | None, redact: Redact) -> dict[str, Any]:
    return {name: _value(name, value, redact) for name, value in (attributes or {}).items() if name not in _UNTOLD}


def _value(name: str, value: Any, redact: Redact) -> Any:
    if isinstance(value, str):
        # What is asked of a vendor stands in an address after `?`, and so do some keys.
        return redact(value.partition("?")[0] if name in _ADDRESSES else value)[:MOST_CHARACTERS]
    if isinstance(value, tuple | list) and value and isinstance(value[0], str):
        return tuple(redact(one) for one in value)
    return value
