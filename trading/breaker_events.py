"""The audit log's words for the circuit breaker: what was decided, and what a person is told of it."""

from __future__ import annotations

from trading.alerts import Alert, Severity, Topic, alert_raised
from trading.breaker import CircuitBreaker, StateChange
from trading.breaker_rules import BreakerLook, Resumption
from trading.events import Event, EventType, Occasion, desk_event


def state_changed(after: CircuitBreaker, asked: StateChange | Resumption) -> Event:
    """Somebody changed the trading state; the change's name makes it happen once."""
    by = asked.changed_by if isinstance(asked, StateChange) else asked.by
    said = after.model_copy(update={"changed_by": by, "reason": asked.reason})
    return _event(
        EventType.TRADING_STATE_CHANGED, said, Occasion(asked.desk_id, asked.change_id, asked.at, asked.trace_id)
    )


def judged(before: CircuitBreaker, after: CircuitBreaker, look: BreakerLook, count: int) -> list[Event]:
    """What a look changed, in a log of `count` events: nothing, or the change and who is told of it."""
    if before.standing == after.standing:
        return []
    changed = before.state is not after.state
    kind = EventType.TRADING_STATE_CHANGED if changed else EventType.BREAKER_CHANGED
    key = f"breaker-{count + 1}"
    event = _event(kind, after, Occasion(look.desk_id, key, look.at, look.trace_id))
    if after.trips == before.trips:
        return [event]
    tripped = bool(after.trips)
    alert = Alert(
        topic=Topic.BREAKER,
        key=key,
        reason=f"{after.state}: {after.reason}"[:4000],
        severity=Severity.CRITICAL if tripped else Severity.WARNING,
    )
    return [event, alert_raised(look.desk_id, alert, look.at)]


def resumption_told(after: CircuitBreaker, asked: Resumption) -> Event:
    """A person let the desk go on: others who look after it should know."""
    words = f"{after.state} on the word of {asked.by}: {asked.reason}{' (by force)' if asked.force else ''}"
    alert = Alert(topic=Topic.BREAKER, key=f"resumed-{asked.change_id}", reason=words[:4000], severity=Severity.INFO)
    return alert_raised(asked.desk_id, alert, asked.at)


def standing_of(event: Event) -> object:
    """What an event told of the breaker, None when it told nothing."""
    kinds = (EventType.TRADING_STATE_CHANGED, EventType.BREAKER_CHANGED)
    return event.data.get("breaker") if event.type in kinds else None


def _event(kind: EventType, after: CircuitBreaker, occasion: Occasion) -> Event:
    told = after.model_dump(mode="json", include={"state", "changed_by", "reason"})
    return desk_event(kind, occasion, {**told, "breaker": after.standing})
