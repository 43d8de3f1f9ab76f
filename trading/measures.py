"""Measuring a track: all metrics of it at once."""

from __future__ import annotations

from trading.metrics import Metrics
from trading.track import Track


def measure(track: Track) -> Metrics:
    """Each metric of `MEASURES` that the track allows; None where it is not defined, never NaN, never a silent zero."""
    raise NotImplementedError
