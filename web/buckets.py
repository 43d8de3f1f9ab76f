"""How much a caller may ask at once, and how much after that: a bucket of tokens that fills again."""

from __future__ import annotations

from collections import OrderedDict

MOST_CALLERS = 4096
"""Buckets that are kept; of more callers the one that was silent longest is forgotten, and with it what it has used."""


class Buckets:
    """One bucket a caller."""

    def __init__(self, per_second: float, burst: int) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, caller: str, now: float, weight: float = 1.0) -> float:
        """Take one, or so much of one; 0, or the seconds until there is as much, when nothing was taken.

        `now` is in seconds.
        """
        left, at = self._left.pop(caller, (self._burst, now))
        left = min(self._burst, left + max(now - at, 0.0) * self._per_second)
        taken = left >= weight
        self._left[caller] = (left - weight if taken else left, now)
        if len(self._left) > MOST_CALLERS:
            self._left.popitem(last=False)
        return 0.0 if taken else (weight - left) / self._per_second
