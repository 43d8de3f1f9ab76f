"""A receiver of OTLP on loopback, and what a trace that came there looks like; read by the protocol's own classes."""

from __future__ import annotations

import gzip
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from trading.traces import trace_hex


@dataclass(frozen=True)
class Seen:
    """A span as it came over the wire; `parent` is empty of a root."""

    name: str
    trace: str
    span: str
    parent: str
    service: str
    attributes: dict[str, Any]
    failed: bool
    words: str


@dataclass
class Tree:
    """All spans of one trace."""

    spans: list[Seen]

    @property
    def roots(self) -> list[str]:
        return [one.name for one in self.spans if not one.parent]

    @property
    def lost(self) -> list[str]:
        """What is under a span that never came."""
        known = {one.span for one in self.spans}
        return [one.name for one in self.spans if one.parent and one.parent not in known]

    @property
    def twice(self) -> list[str]:
        """Of what Temporal's history has once: spans that came more than once, under the same id or another."""
        ids = [name for name, count in Counter(one.span for one in self.spans).items() if count > 1]
        runs = Counter((one.name, one.attributes["temporalRunID"]) for one in self.named("RunWorkflow:"))
        return [*ids, *(name for (name, _), count in runs.items() if count > 1)]

    def named(self, beginning: str) -> list[Seen]:
        return [one for one in self.spans if one.name.startswith(beginning)]

    def above(self, span: Seen) -> list[str]:
        """The names over a span, the nearest first."""
        known = {one.span: one for one in self.spans}
        found = []
        while (over := known.get(span.parent)) is not None:
            found.append(over.name)
            span = over
        return found


@dataclass
class Receiver:
    """What came, by trace."""

    url: str
    spans: list[Seen] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def trace(self, trace_id: str) -> Tree:
        """The trace of one of our own ids."""
        return Tree([one for one in self.spans if one.trace == trace_hex(trace_id)])


@contextmanager
def receiving(status: int = 200) -> Iterator[Receiver]:
    """Receive until the block is left; any other status than 200 takes nothing."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.headers.append({name.lower(): value for name, value in self.headers.items()})
            if status == 200:
                plain = gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body
                receiver.spans += _read(ExportTraceServiceRequest.FromString(plain))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server.RequestHandlerClass = Handler
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _read(told: ExportTraceServiceRequest) -> Iterator[Seen]:
    for resource in told.resource_spans:
        about = {one.key: _value(one.value) for one in resource.resource.attributes}
        for one in (span for scope in resource.scope_spans for span in scope.spans):
            yield Seen(
                name=one.name,
                trace=one.trace_id.hex(),
                span=one.span_id.hex(),
                parent=one.parent_span_id.hex(),
                service=about["service.name"],
                attributes={each.key: _value(each.value) for each in one.attributes},
                failed=one.status.code == one.status.STATUS_CODE_ERROR,
                words=str(one),
            )


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(one) for one in value.array_value.values]
    return None if kind is None else getattr(value, kind)
