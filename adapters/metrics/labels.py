"""Labels whose values are few: each value of each label is a series that Prometheus keeps for weeks."""

from __future__ import annotations

from collections.abc import Iterable

OTHER = "other"
"""What stands for all values beyond those that are kept apart."""
MOST_MODELS, MOST_CODES, MOST_NAMES = 20, 60, 20


class Closed:
    """Values that are known beforehand; every other is `other`."""

    def __init__(self, values: Iterable[str]) -> None:
        self._values = frozenset(map(str, values))

    def __call__(self, value: object) -> str:
        """The value itself, or `other`."""
        said = str(value)
        return said if said in self._values else OTHER


class Capped:
    """The first so many values that come; every later one is `other`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._seen: dict[str, str] = {}

    def __call__(self, value: object) -> str:
        """The value, shortened, or `other`."""
        said = str(value)[:80]
        if said not in self._seen and len(self._seen) < self._most:
            self._seen[said] = said
        return self._seen.get(said, OTHER)
