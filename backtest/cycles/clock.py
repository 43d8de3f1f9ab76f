"""The time of a replay: it stands still until the replay moves it."""

from __future__ import annotations

from datetime import datetime


class BarClock:
    """Says the moment that the replay has come to; it is only ever set forwards. Raises ValueError otherwise."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def __call__(self) -> datetime:
        """The moment."""
        return self._at

    def set(self, at: datetime) -> None:
        """Come to a moment."""
        if at < self._at:
            raise ValueError(f"{at.isoformat()} is before {self._at.isoformat()}: a replay never goes back")
        self._at = at
