"""How well the money was put to work: ratios over a series of equity or of trades. Floats, never money."""

from __future__ import annotations

import math
from collections.abc import Sequence

SESSIONS_A_YEAR = 252


def sharpe(returns: Sequence[float]) -> float | None:
    """The yearly Sharpe ratio of daily returns over a risk-free rate of 0; None of fewer than two, or without risk."""
    if len(returns) < 2:  # noqa: PLR2004  a deviation needs two
        return None
    mean = math.fsum(returns) / len(returns)
    risk = math.sqrt(math.fsum((one - mean) ** 2 for one in returns) / (len(returns) - 1))
    if risk < 1e-12:  # noqa: PLR2004  what floats leave of nothing
        return None
    return mean / risk * math.sqrt(SESSIONS_A_YEAR)
