"""Spans, as the rest of the house makes them: nothing at all while no exporter is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

Value: TypeAlias = str | bool | int | float | Sequence[str]
Attributes: TypeAlias = Mapping[str, Value | None]
Tell: TypeAlias = Callable[[Attributes], None]
"""Say more of a span that is under way; what is None is left out."""
_NOTHING: Attributes = {}


class Kind(StrEnum):
    """Whose a span is: our own work, a call to somebody, or an answer to one."""

    INTERNAL = "INTERNAL"
    CLIENT = "CLIENT"
    SERVER = "SERVER"


class Tracer(Protocol):
    """Who makes the spans once tracing is on."""

    def span(self, name: str, attributes: Attributes, kind: Kind) -> AbstractContextManager[Tell]:
        """A span within the current one; an exception marks it as failed."""
        ...

    def asked(self, name: str, trace_id: str) -> AbstractContextManager[Tell]:
        """The first span of a trace, a server's; what it is told as `name` is its name from then on."""
        ...

    def see(self, engine: AsyncEngine) -> None:
        """Make a span of each statement of these connections that is part of a trace."""
        ...

    def close(self) -> None:
        """Export what is left, within a bound."""
        ...


_tracer: Tracer | None = None


def switch(tracer: Tracer | None) -> None:
    """From now on spans are made by this one; None for nobody."""
    global _tracer  # noqa: PLW0603  a process has one tracer, as OpenTelemetry has it
    _tracer = tracer


def are_on() -> bool:
    """Whether spans are made at all."""
    return _tracer is not None


def span(name: str, attributes: Attributes = _NOTHING, kind: Kind = Kind.INTERNAL) -> AbstractContextManager[Tell]:
    """A span within the current one. Names are few: what differs from call to call is an attribute."""
    return nullcontext(_unheard) if _tracer is None else _tracer.span(name, attributes, kind)


def asked(name: str, trace_id: str) -> AbstractContextManager[Tell]:
    """The first span of what somebody from outside asks for under this `trace_id`."""
    return nullcontext(_unheard) if _tracer is None else _tracer.asked(name, trace_id)


def see(engine: AsyncEngine) -> None:
    """Make a span of each statement of these connections that is part of a trace."""
    if _tracer is not None:
        _tracer.see(engine)


def close() -> None:
    """Export what is left, within a bound."""
    if _tracer is not None:
        _tracer.close()


def _unheard(_: Attributes) -> None:
    pass
