"""The audit log's words for the circuit breakers: what was decided, and what a person is told of it.

What becomes of a desk is `TradingStateChanged`, or `BreakerChanged` where the state stays; of one of its strategies it
is `StrategyStateChanged` in both cases.
"""

from __future__ import annotations

from collections.abc import Iterable

from trading.alerts import Alert, Severity, Topic, alert_raised
from trading.breaker import CircuitBreaker, StateChange, StrategyBreaker
from trading.breaker_rules import BreakerLook, Resumption
from trading.events import Event, EventType, Occasion, desk_event

REVIEW = "review"
"""Who stops a strategy that fails its own rule."""


def state_changed(after: CircuitBreaker, asked: StateChange | Resumption) -> Event:
    """Somebody changed the trading state; the change's name makes it happen once."""
    by = asked.changed_by if isinstance(asked, StateChange) else asked.by
    said = after.model_copy(update={"changed_by": by, "reason": asked.reason})
    occasion = Occasion(asked.desk_id, asked.change_id, asked.at, asked.trace_id)
    if asked.strategy_id is not None:
        return _event_of_strategy(asked.strategy_id, said, occasion)
    return _event(EventType.TRADING_STATE_CHANGED, said, occasion)


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


def strategies_judged(
    before: Iterable[StrategyBreaker], after: Iterable[StrategyBreaker], look: BreakerLook, count: int
) -> list[Event]:
    """What a look changed of the strategies, in a log of `count` events.

    One that has stopped by itself is a warning: the others trade on.
    """
    told: list[Event] = []
    for old, new in zip(before, after, strict=True):
        if old.breaker.standing == new.breaker.standing:
            continue
        key = f"{new.strategy_id}/breaker-{count + 1}"
        occasion = Occasion(look.desk_id, key, look.at, look.trace_id)
        told.append(_event_of_strategy(new.strategy_id, new.breaker, occasion))
        if new.breaker.trips != old.breaker.trips:
            reason = f"strategy {new.strategy_id} {new.breaker.state}: {new.breaker.reason}"
            alert = Alert(topic=Topic.BREAKER, key=key, reason=reason[:4000], severity=Severity.WARNING)
            told.append(alert_raised(look.desk_id, alert, look.at))
    return told


def restraint_told(after: CircuitBreaker, change: StateChange) -> Event:
    """Somebody has stopped a strategy: who looks after the desk should know, and look at one that its rule stopped."""
    words = f"strategy {change.strategy_id} {after.state} on the word of {change.changed_by}: {change.reason}"
    severity = Severity.CRITICAL if change.changed_by == REVIEW else Severity.INFO
    key = f"restrained-{change.change_id}"
    alert = Alert(topic=Topic.BREAKER, key=key, reason=words[:4000], severity=severity)
    return alert_raised(change.desk_id, alert, change.at)


def resumption_told(after: CircuitBreaker, asked: Resumption) -> Event:
    """A person let the desk, or a strategy, go on: others who look after it should know."""
    who = "" if asked.strategy_id is None else f"strategy {asked.strategy_id} "
    words = f"{who}{after.state} on the word of {asked.by}: {asked.reason}{' (by force)' if asked.force else ''}"
    alert = Alert(topic=Topic.BREAKER, key=f"resumed-{asked.change_id}", reason=words[:4000], severity=Severity.INFO)
    return alert_raised(asked.desk_id, alert, asked.at)


def standing_of(event: Event) -> object:
    """What an event told of the breaker, None when it told nothing."""
    kinds = (EventType.TRADING_STATE_CHANGED, EventType.BREAKER_CHANGED)
    return event.data.get("breaker") if event.type in kinds else None


def strategy_standing_of(event: Event) -> tuple[str, object] | None:
    """Which strategy an event told of, and what of its breaker; None when it told nothing of any.

    One that was removed has none any more.
    """
    if event.type is EventType.STRATEGY_STATE_CHANGED:
        return str(event.data["strategy"]), event.data["breaker"]
    strategy = event.data.get("strategy")
    if event.type is EventType.STRATEGY_CHANGED and event.data.get("removed") and isinstance(strategy, dict):
        return str(strategy["strategy_id"]), None
    return None


def _event(kind: EventType, after: CircuitBreaker, occasion: Occasion) -> Event:
    told = after.model_dump(mode="json", include={"state", "changed_by", "reason"})
    return desk_event(kind, occasion, {**told, "breaker": after.standing})


def _event_of_strategy(strategy_id: str, after: CircuitBreaker, occasion: Occasion) -> Event:
    told = _event(EventType.STRATEGY_STATE_CHANGED, after, occasion)
    return told.model_copy(update={"data": {"strategy": strategy_id, **told.data}})
