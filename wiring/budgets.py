"""What asking the agents may cost, by the settings."""

from __future__ import annotations

from settings import ModelSettings
from trading.agents.budget import Budget, Caps


def budget_of(models: ModelSettings) -> Budget:
    """The caps on spending, and when less is asked."""
    return Budget(
        cycle=Caps(calls=models.max_calls_per_cycle, tokens=models.max_tokens_per_cycle, usd=models.max_usd_per_cycle),
        day=Caps(calls=models.max_calls_per_day, tokens=models.max_tokens_per_day, usd=models.max_usd_per_day),
        month=Caps(usd=models.max_usd_per_month),
        fallback_at=models.fallback_at,
        skip_at=models.skip_at,
        unknown_usd_per_million_tokens=models.unknown_usd_per_million_tokens,
    )
