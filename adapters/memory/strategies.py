"""Changes of a desk's strategies: together or not at all, each once with its event."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.memory import sleeves
from adapters.memory.desk import Desk, Store
from trading import transfers
from trading.breaker import CircuitBreaker
from trading.errors import BooksDisagree
from trading.limits import Limits
from trading.strategy import ChangeRefused, Strategy, StrategyChange
from trading.strategy_changes import Ties, refusal
from trading.strategy_events import strategy_changed


def change_strategies(
    store: Store, changes: Sequence[StrategyChange], limits: Limits
) -> tuple[Strategy, ...] | ChangeRefused:
    """Write changes of one desk together, each once with its event, or none and why."""
    (desk_id,) = {change.desk_id for change in changes}
    desk, events = store.desk(desk_id), [strategy_changed(change) for change in changes]
    said = [event.event_id in store.written for event in events]
    if any(said):
        if not all(said):
            raise BooksDisagree(f"of the changes of {desk_id} some were made before, others not")
        return tuple(change.strategy for change in changes)
    removed = [change.strategy.strategy_id for change in changes if change.removed]
    existing = tuple(desk.strategies[name] for name in sorted(desk.strategies))
    because = refusal(changes, existing, limits, {name: _ties(desk, name) for name in removed})
    if because is not None:
        return ChangeRefused(because=because)
    for bound in (transfers.bound(desk.divided(), name) for name in removed):
        if bound is not None:
            raise BooksDisagree(bound.because)
    for change in changes:
        _make(desk, change)
    desk.append(*events)
    return tuple(change.strategy for change in changes)


def save_strategy(desk: Desk, strategy: Strategy) -> None:
    """Write what a strategy is."""
    desk.strategies[strategy.strategy_id] = strategy
    desk.breakers.setdefault(strategy.strategy_id, CircuitBreaker())


def _make(desk: Desk, change: StrategyChange) -> None:
    name = change.strategy.strategy_id
    if not change.removed:
        save_strategy(desk, change.strategy)
        return
    sleeves.release(desk, name, change.at)
    del desk.strategies[name], desk.breakers[name]


def _ties(desk: Desk, name: str) -> Ties:
    """What binds a strategy that is to be removed."""
    return Ties(
        held=tuple(part.symbol for part in desk.parts() if part.strategy_id == name and part.quantity),
        open_orders=sum(order.request.strategy_id == name for order in desk.open_orders.values()),
        cycles=desk.log.cycles.under_way(name, desk.now),
    )
