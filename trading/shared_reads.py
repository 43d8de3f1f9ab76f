"""One reading for all who ask at once, where each would read the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Name = TypeVar("Name", bound=Hashable)
Read = TypeVar("Read")


class SharedReads(Generic[Name, Read]):
    """Readings of something by a name, one at a time.

    Whoever asks while one is under way shares the next, with all others who do: an answer was always begun after it
    was asked for, so that everybody reads what he has written. What fails, fails for all who share it.
    """

    def __init__(self, read: Callable[[Name], Awaitable[Read]]) -> None:
        self._read = read
        self._under_way: dict[Name, asyncio.Task[Read]] = {}
        self._next: dict[Name, asyncio.Task[Read]] = {}

    async def of(self, name: Name) -> Read:
        """A reading that begins now or later. Raises what it raises; who is cancelled leaves it to the others."""
        task = self._next.get(name)
        if task is None:
            task = asyncio.create_task(self._taken(name, self._under_way.get(name)))
            # Its failure is nobody's when all who asked have left.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._next[name] = task
        return await asyncio.shield(task)

    async def _taken(self, name: Name, before: asyncio.Task[Read] | None) -> Read:
        if before is not None:
            await asyncio.wait({before})
        task = self._under_way[name] = self._next.pop(name)
        try:
            return await self._read(name)
        finally:
            if self._under_way.get(name) is task:
                del self._under_way[name]
