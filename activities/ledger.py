"""Writing the books: events, marks, intents, the trading state."""

from __future__ import annotations

from temporalio import activity

from trading.breaker import CircuitBreaker
from trading.desk import StateChange
from trading.events import Event, EventType
from trading.orders import Order
from trading.portfolio import Portfolio
from trading.ports import Ledger, Snapshots
from trading.settlement import Denied, IntentAsked
from trading.steps import MarkAsked, Recorded


class LedgerActivities:
    """The books, as the workflows write them."""

    def __init__(self, ledger: Ledger, snapshots: Snapshots) -> None:
        self._ledger = ledger
        self._snapshots = snapshots

    @activity.defn
    async def record(self, recorded: Recorded) -> None:
        """Append the events of one step.

        Repeat: an event that is there already is left.
        """
        await self._ledger.record(recorded.events)

    @activity.defn
    async def end_cycle(self, ended: Event) -> None:
        """Say for a cycle that could not that it has ended.

        Repeat: a cycle that has an end already is left with it.
        """
        await self._ledger.end_cycle(ended)

    @activity.defn
    async def mark(self, asked: MarkAsked) -> Portfolio:
        """Value what is held at the snapshot's quotes.

        Repeat: the same snapshot gives the same marks; the equity mark of that moment is kept once.
        """
        snapshot = await self._snapshots.load(asked.snapshot_id)
        quotes = {facts.instrument.symbol: facts.quote for facts in snapshot.symbols}
        return await self._ledger.mark(asked.stage.cycle.desk_id, quotes, asked.stage.as_of)

    @activity.defn
    async def intend(self, asked: IntentAsked) -> Order | Denied:
        """Write OrderIntended or OrderDenied, checked under the books' lock.

        Repeat: the stored intent or denial is the answer.
        """
        return await self._ledger.intend(asked)

    @activity.defn
    async def change_state(self, change: StateChange) -> CircuitBreaker:
        """Set the trading state, so that every later intent sees it.

        Repeat: the change's event is written once, and a repeat finds it.
        """
        breaker = CircuitBreaker(
            state=change.state, since_at=change.at, changed_by=change.changed_by, reason=change.reason
        )
        return await self._ledger.change_state(breaker, _state_event(change))

    @activity.defn
    async def read_breaker(self, desk_id: str) -> CircuitBreaker:
        """Read the trading state with its reason.

        Repeat: reads only.
        """
        return await self._ledger.breaker(desk_id)


def _state_event(change: StateChange) -> Event:
    data = change.model_dump(mode="json", include={"state", "reason", "changed_by"})
    return Event(
        event_id=f"{change.desk_id}/{EventType.TRADING_STATE_CHANGED}/{change.change_id}",
        desk_id=change.desk_id,
        aggregate_id=change.desk_id,
        type=EventType.TRADING_STATE_CHANGED,
        trace_id=change.trace_id,
        occurred_at=change.at,
        data=data,
    )
