"""The time by which activities act: the clock on the wall, or that of whoever replays the past.

It goes with the task that set it and all that this one starts, so that replays side by side do not meet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Says what time it is, aware of its zone."""


def _wall() -> datetime:
    return datetime.now(UTC)


_CLOCK: ContextVar[Clock] = ContextVar("clock", default=_wall)


def now() -> datetime:
    """The time by the clock in force."""
    return _CLOCK.get()()


@contextmanager
def by(clock: Clock) -> Iterator[None]:
    """Go by another clock until the block is left."""
    before = _CLOCK.set(clock)
    try:
        yield
    finally:
        _CLOCK.reset(before)
