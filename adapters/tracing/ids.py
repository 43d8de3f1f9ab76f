"""The ids of traces: one that begins where somebody has named a `trace_id` is that one's, as `trace_hex` says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar, Token
from typing import Any

from opentelemetry import context, trace
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

# Temporal publishes the provider that wants one of these, but not the name of the thing.
from temporalio.contrib.opentelemetry._id_generator import TemporalIdGenerator

from trading.traces import trace_hex

_named: ContextVar[str | None] = ContextVar("trace_that_begins", default=None)


class TraceIds(TemporalIdGenerator):
    """Temporal's ids, which are the same on every replay, but for traces that have a name."""

    def __init__(self) -> None:
        super().__init__(RandomIdGenerator())

    def generate_trace_id(self) -> int:
        """The id of the trace that was named last, else chance."""
        name = _named.get()
        return super().generate_trace_id() if name is None else int(trace_hex(name), 16)


@contextmanager
def named(trace_id: str | None) -> Iterator[None]:
    """A trace that begins within the block has the id of this name; None for no name."""
    token = _named.set(trace_id)
    try:
        yield
    finally:
        _undone(token)


@contextmanager
def under(parent: context.Context) -> Iterator[None]:
    """What is done in the block is done under this parent; an empty context is nobody."""
    token = context.attach(parent)
    try:
        yield
    finally:
        _undone(token)


@contextmanager
def within(trace_id: str | None, parent: context.Context | None = None) -> Iterator[None]:
    """The block belongs to this trace: it stays in it, or enters it under this parent, or begins it."""
    if trace_id is None or is_current(trace_id):
        yield
        return
    with under(parent or context.Context()), named(trace_id):
        yield


def is_current(trace_id: str) -> bool:
    """Whether the current span is of this trace."""
    return trace.get_current_span().get_span_context().trace_id == int(trace_hex(trace_id), 16)


def _undone(token: Token[Any]) -> None:
    # A workflow that is taken out of the cache ends its blocks wherever the interpreter happens to be then.
    with suppress(ValueError):
        token.var.reset(token)
