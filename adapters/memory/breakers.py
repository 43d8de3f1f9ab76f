"""The circuit breakers of a desk and its strategies: judged by the books, held by persons, let go."""

from __future__ import annotations

from adapters.memory.desk import Desk
from adapters.memory.facts import desk_facts, strategy_facts
from trading import judging
from trading.breaker import CircuitBreaker, StateChange, StrategyBreaker, combined
from trading.breaker_events import judged, restraint_told, resumption_told, state_changed, strategies_judged
from trading.breaker_rules import BreakerLook, Refused, Resumption
from trading.events import EventType


def change_state(desk: Desk, change: StateChange) -> CircuitBreaker:
    """Make the state stricter; once the change's event is written it has been made, and more may have come since."""
    before = desk.breaker
    after = judging.held(before, change)
    event = state_changed(after, change)
    if event.event_id in desk.log.written:
        return before
    _keep(desk, after)
    desk.append(event)
    return after


def judge(desk: Desk, look: BreakerLook) -> CircuitBreaker:
    """Hold the rules against the books, first the desk's, then its strategies'; what holds for who asks."""
    count, before = len(desk.log.events), desk.breaker
    after = judging.judge(look.rules, desk_facts(desk, look), before, look.at)
    _keep(desk, after)
    desk.append(*judged(before, after, look, count))
    own = _judge_strategies(desk, look, count)
    return after if own is None else combined(after, own)


def resume(desk: Desk, asked: Resumption) -> CircuitBreaker | Refused:
    """Let the desk, or the strategy that is named, go on, or say why not."""
    kind = EventType.TRADING_STATE_CHANGED if asked.strategy_id is None else EventType.STRATEGY_STATE_CHANGED
    before = desk.breaker if asked.strategy_id is None else _one(desk, asked.strategy_id)
    if isinstance(before, Refused) or f"{asked.desk_id}/{kind}/{asked.change_id}" in desk.log.written:
        return before
    if asked.strategy_id is None:
        facts = desk_facts(desk, asked)
    else:
        facts = strategy_facts(desk, StrategyBreaker(strategy_id=asked.strategy_id, breaker=before), asked)
    after = judging.resume(before, facts, asked)
    if isinstance(after, CircuitBreaker):
        if asked.strategy_id is None:
            _keep(desk, after)
        else:
            desk.breakers[asked.strategy_id] = after
        desk.append(state_changed(after, asked), resumption_told(after, asked))
    return after


def restrain(desk: Desk, change: StateChange) -> CircuitBreaker | Refused:
    """Make a strategy's state stricter; once the change's event is written it has been made."""
    before = _one(desk, change.strategy_id)
    if isinstance(before, Refused):
        return before
    after = judging.held(before, change.model_copy(update={"flatten": False}))
    event = state_changed(after, change)
    if event.event_id in desk.log.written:
        return before
    desk.breakers[str(change.strategy_id)] = after
    desk.append(event, restraint_told(after, change))
    return after


def _judge_strategies(desk: Desk, look: BreakerLook, count: int) -> StrategyBreaker | None:
    known = desk.strategy_breakers()
    due = judging.looked_at(known, look.strategy_id)
    seen = [(one, strategy_facts(desk, one, look)) for one in due]
    after = [
        one.model_copy(update={"breaker": judging.judge(look.rules, facts, one.breaker, look.at)})
        for one, facts in seen
    ]
    for one in after:
        desk.breakers[one.strategy_id] = one.breaker
    desk.append(*strategies_judged(due, after, look, count))
    return None if look.strategy_id is None else judging.found((*after, *known), look.strategy_id)


def _one(desk: Desk, strategy_id: str | None) -> CircuitBreaker | Refused:
    found = desk.breakers.get(str(strategy_id))
    return found or Refused(because=f"the desk has no strategy {strategy_id}")


def _keep(desk: Desk, breaker: CircuitBreaker) -> None:
    desk.breaker = breaker
    desk.touch()
