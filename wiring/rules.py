"""What a cycle is held to, by the settings."""

from __future__ import annotations

from datetime import timedelta

from activities.gate import GateRules
from settings import Settings


def gate_rules(settings: Settings) -> GateRules:
    """What the gate holds a cycle to."""
    return GateRules(
        limits=settings.trading.limits,
        style=settings.style.style,
        max_data_age=timedelta(seconds=settings.market.max_data_age_seconds),
        shadow=settings.breaker.shadow,
        real_money=settings.trading.mode == "live",
        approval=settings.trading.approval_terms,
        remembers=settings.memory.enabled,
        denies=settings.memory.denies,
    )
