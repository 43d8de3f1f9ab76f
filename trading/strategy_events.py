"""The audit log's words for what becomes of a desk's strategies."""

from __future__ import annotations

from trading.events import Event, EventType, Occasion, desk_event
from trading.strategy import StrategyChange


def strategy_changed(change: StrategyChange) -> Event:
    """Somebody has added, changed or removed a strategy: all that it is now, who says so and why."""
    occasion = Occasion(change.desk_id, change.change_id, change.at, change.trace_id)
    told = change.model_dump(mode="json", include={"strategy", "removed", "by", "reason"})
    return desk_event(EventType.STRATEGY_CHANGED, occasion, told)
