"""How many sessions before the first one a strategy is shown."""

from __future__ import annotations

from activities.market import SESSIONS

COLD = frozenset({"sma_cross"})
"""Rules that are defined from a run's first bar on: what crossed before it did not happen."""


def warm_up_of(strategy: str) -> int:
    """As many as the desk's own cycles look back on; none where the rule itself begins with the run."""
    return 0 if strategy in COLD else SESSIONS
