"""How cash that moves without a trade reaches the books: what the broker says of it, and the log's words."""

from __future__ import annotations

from collections.abc import Mapping

from trading.events import Event, EventType
from trading.portfolio import CapitalEvent, CapitalKind
from trading.statement import Activity, ActivityKind

# A split moves shares, and of what is neither nobody can say what it is.
_KINDS: Mapping[ActivityKind, CapitalKind] = {
    ActivityKind.DEPOSIT: CapitalKind.DEPOSIT,
    ActivityKind.WITHDRAWAL: CapitalKind.WITHDRAWAL,
    ActivityKind.DIVIDEND: CapitalKind.DIVIDEND,
    ActivityKind.FEE: CapitalKind.FEE,
    ActivityKind.INTEREST: CapitalKind.INTEREST,
    ActivityKind.CASH_IN_LIEU: CapitalKind.CASH_IN_LIEU,
}


def capital_id(desk_id: str, activity_id: str) -> str:
    """Name a capital event after the broker's activity and the desk: told again, it is booked once."""
    return f"{desk_id}/{activity_id.removeprefix(f'{desk_id}/')}"


def capital_of_activity(desk_id: str, activity: Activity) -> CapitalEvent | None:
    """The capital event that the broker's activity makes, under its id; None when it moves no cash of a kind."""
    kind = _KINDS.get(activity.kind)
    if kind is None:
        return None
    return CapitalEvent(
        capital_event_id=capital_id(desk_id, activity.activity_id),
        desk_id=desk_id,
        kind=kind,
        amount=activity.amount,
        occurred_at=activity.occurred_at,
        symbol=activity.symbol,
        reason=activity.words,
    )


def capital_changed(capital: CapitalEvent, trace_id: str) -> Event:
    """The audit log's words for a capital event."""
    return Event(
        event_id=f"{capital.capital_event_id}/{EventType.CAPITAL_CHANGED}",
        desk_id=capital.desk_id,
        aggregate_id=capital.desk_id,
        type=EventType.CAPITAL_CHANGED,
        trace_id=trace_id,
        occurred_at=capital.occurred_at,
        data=capital.model_dump(mode="json"),
    )


def capital_of(changed: Event) -> CapitalEvent:
    """The capital event that a CapitalChanged tells of; those of older logs tell less."""
    return CapitalEvent.model_validate(
        {name: changed.data[name] for name in CapitalEvent.model_fields if name in changed.data}
    )
