"""Opening a desk's books: they begin with the money that the broker says is there."""

from __future__ import annotations

from temporalio import activity

from trading.breaker import CircuitBreaker
from trading.desk import DeskOpening
from trading.events import Event, EventType
from trading.money import Dollars
from trading.portfolio import CapitalEvent, CapitalKind
from trading.ports import Broker, Ledger


class OpeningActivities:
    """The first thing that a desk does."""

    def __init__(self, broker: Broker, ledger: Ledger) -> None:
        self._broker = broker
        self._ledger = ledger

    @activity.defn
    async def open_desk(self, opening: DeskOpening) -> CircuitBreaker:
        """Make the desk's books, its deposit the account's cash, and read the trading state.

        Shares that the account holds already are for the reconciliation to find and for a person to take over.

        Repeat: books that exist are left as they are, whatever the account holds by now.
        """
        account = await self._broker.account(opening.desk_id)
        opened, deposit = _opening_events(opening, account.cash)
        await self._ledger.open_desk(opened, cash=deposit)
        return await self._ledger.breaker(opening.desk_id)


def _opening_events(opening: DeskOpening, cash: Dollars) -> tuple[Event, Event]:
    deposit = CapitalEvent(
        capital_event_id=f"{opening.desk_id}/opening-deposit",
        desk_id=opening.desk_id,
        kind=CapitalKind.DEPOSIT,
        amount=cash,
        occurred_at=opening.at,
    )
    desk = {"desk_id": opening.desk_id, "aggregate_id": opening.desk_id, "trace_id": opening.trace_id}
    kinds = (
        (EventType.DESK_OPENED, opening.model_dump(mode="json", include={"desk_id"})),
        (EventType.CAPITAL_CHANGED, deposit.model_dump(mode="json")),
    )
    opened, changed = (
        Event.model_validate(
            {
                **desk,
                "event_id": f"{opening.desk_id}/{kind}/opening",
                "type": kind,
                "occurred_at": opening.at,
                "data": data,
            }
        )
        for kind, data in kinds
    )
    return opened, changed
