"""Writing the books: events, marks, intents, the trading state."""

from __future__ import annotations

from temporalio import activity

from trading.breaker import CircuitBreaker, StateChange
from trading.breaker_rules import Refused
from trading.events import Event
from trading.orders import Order
from trading.ports import Ledger, Snapshots
from trading.settlement import Denied, IntentAsked
from trading.steps import MarkAsked, Marked, Recorded


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
    async def mark(self, asked: MarkAsked) -> Marked:
        """Value what is held at the snapshot's quotes, and bring the strategy's part to what it is allocated.

        Repeat: the same snapshot gives the same marks; the equity mark of that moment is kept once, and so is each
        allocation.
        """
        snapshot, cycle = await self._snapshots.load(asked.snapshot_id), asked.stage.cycle
        quotes = {facts.instrument.symbol: facts.quote for facts in snapshot.symbols}
        marked = await self._ledger.mark(cycle.desk_id, quotes, asked.stage.as_of)
        own = await self._ledger.fund(cycle.desk_id, cycle.request.strategy_id, asked.stage.as_of)
        return Marked(desk=marked, own=own)

    @activity.defn
    async def intend(self, asked: IntentAsked) -> Order | Denied:
        """Write OrderIntended or OrderDenied, checked under the books' lock.

        Repeat: the stored intent or denial is the answer.
        """
        return await self._ledger.intend(asked)

    @activity.defn
    async def change_state(self, change: StateChange) -> CircuitBreaker | Refused:
        """Make the trading state of the desk, or of the strategy that is named, stricter for every later intent.

        Repeat: the change's event is written once, and a repeat finds it.
        """
        if change.strategy_id is not None:
            return await self._ledger.restrain(change)
        return await self._ledger.change_state(change)
