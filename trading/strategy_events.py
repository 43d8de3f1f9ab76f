"""The audit log's words for what becomes of a desk's strategies."""

from __future__ import annotations

from trading.events import Event, EventType, Occasion, desk_event
from trading.strategy import StrategyChange

_SOMETIMES = ("is_new", "removed", "forced", "evidence", "contest")


def strategy_changed(change: StrategyChange) -> Event:
    """Somebody has added, changed or removed a strategy: all that it is now, who says so and why.

    Where it came to another rung, `came_from` is the one before; where it took a challenger's seats, `contest` is what
    that had shown.
    """
    occasion = Occasion(change.desk_id, change.change_id, change.at, change.trace_id)
    told = change.model_dump(mode="json", include={"strategy", "by", "reason", *_SOMETIMES})
    data = {name: value for name, value in told.items() if value or name not in _SOMETIMES}
    if change.seen is not None and change.seen.rung is not change.strategy.rung:
        data["came_from"] = change.seen.rung
    return desk_event(EventType.STRATEGY_CHANGED, occasion, data)
