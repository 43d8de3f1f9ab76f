"""What a worker tells of itself and of its desk, and where, by the settings."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.metrics.desk import Watched
from adapters.metrics.serving import Place
from settings import MetricsSettings, Settings
from wiring.budgets import budget_of
from wiring.markets import calendar_of


def place_of(metrics: MetricsSettings) -> Place:
    """Where metrics are told: at a free port when none is set."""
    return Place(host=metrics.host, port=metrics.port, temporal_port=metrics.temporal_port)


def watched_of(settings: Settings, queues: Sequence[str]) -> Watched:
    """The desk whose books are told, and these queues."""
    calendar, budget = calendar_of(settings.schedule), budget_of(settings.models)
    return Watched(desk_id=settings.desk.id, calendar=calendar, budget=budget, queues=queues)
