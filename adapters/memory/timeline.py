"""What was written one after the other, found again by a moment without looking at all of it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime
from typing import Generic, TypeVar

T = TypeVar("T")


class Timeline(Generic[T]):
    """Entries in the order in which they came, each with the latest moment that it is told under."""

    def __init__(self) -> None:
        self._entries: list[tuple[datetime, T]] = []
        # The latest moment of all entries so far: it only rises, so it can be searched.
        self._latest: list[datetime] = []

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: T, *moments: datetime) -> None:
        """Write one more; it is found since any of its moments."""
        at = max(moments)
        self._entries.append((at, entry))
        self._latest.append(max(at, self._latest[-1]) if self._latest else at)

    def since(self, moment: datetime) -> Iterator[T]:
        """The entries of this moment or later, oldest first."""
        first = bisect_left(self._latest, moment)
        return (entry for at, entry in self._entries[first:] if at >= moment)

    def after(self, count: int) -> tuple[T, ...]:
        """The entries after the first so many."""
        return tuple(entry for _, entry in self._entries[count:])
