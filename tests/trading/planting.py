"""One wrong thing in the books of a clean life: ways to plant it."""

from __future__ import annotations

from typing import Any

from tests.fakes.desk import sealed
from tests.making import DESK, TRACE, after
from trading.audit import Books, Finding
from trading.events import GENESIS, Event, EventType
from trading.settlement import BrokerOrder
from trading.trades import Trade

BUY = "paper/cycle-1-AAPL-buy-entry"
SELL = "paper/cycle-2-AAPL-sell-exit"
DENIED = "paper/cycle-1-XOM-buy-entry"
Life = tuple[Books, tuple[BrokerOrder, ...]]


def numbers(findings: tuple[Finding, ...]) -> set[str]:
    return {finding.invariant for finding in findings}


def logged(books: Books, events: list[Event]) -> Books:
    """The books with another log, numbered and chained as a ledger would."""
    chain = sealed(events)
    head = chain[-1].hash if chain else GENESIS
    return books.model_copy(update={"events": chain, "event_count": len(chain), "event_head": head})


def events_of(books: Books) -> list[Event]:
    return [stored.event for stored in books.events]


def edited(books: Books, kind: EventType, nth: int = 0, **changes: object) -> Books:
    """The log with one event saying something else."""
    events = events_of(books)
    at = [number for number, event in enumerate(events) if event.type is kind][nth]
    events[at] = events[at].model_copy(update={"data": {**events[at].data, **changes}})
    return logged(books, events)


def before_this(books: Books) -> Books:
    """The log as it was when an intent said only which rooms it had left."""
    told = {"looked_at", "standing", "recent", "flattens"}
    events = [
        event.model_copy(update={"data": {name: said for name, said in event.data.items() if name not in told}})
        for event in events_of(books)
    ]
    return logged(books, events)


def without(books: Books, kind: EventType, nth: int = 0) -> Books:
    events = events_of(books)
    gone = [event for event in events if event.type is kind][nth]
    return logged(books, [event for event in events if event is not gone])


def inserted(books: Books, event: Event, before: EventType, nth: int = 0) -> Books:
    events = events_of(books)
    at = [number for number, one in enumerate(events) if one.type is before][nth]
    return logged(books, [*events[:at], event, *events[at:]])


def said(kind: EventType, aggregate: str = DESK, **data: Any) -> Event:
    name = f"{aggregate}/{kind}/planted"
    return Event(
        event_id=name, desk_id=DESK, aggregate_id=aggregate, type=kind, trace_id=TRACE, occurred_at=after(0), data=data
    )


def reordered(books: Books, name: str, **changes: object) -> Books:
    """The books with one order saying something else."""
    orders = tuple(
        order.model_copy(update=changes) if order.request.client_order_id == name else order for order in books.orders
    )
    return books.model_copy(update={"orders": orders})


def requested(books: Books, name: str, **changes: object) -> Books:
    (order,) = [order for order in books.orders if order.request.client_order_id == name]
    return reordered(books, name, request=order.request.model_copy(update=changes))


def kept(books: Books, **changes: object) -> Books:
    return books.model_copy(update={"portfolio": books.portfolio.model_copy(update=changes)})


def repositioned(books: Books, **changes: object) -> Books:
    (held,) = books.portfolio.positions
    return kept(books, positions=(held.model_copy(update=changes),))


def stated(books: Books, **changes: object) -> Books:
    return books.model_copy(update=changes)


def retraded(books: Books, **changes: object) -> Books:
    (trade,) = books.trades
    return stated(books, trades=(trade.model_copy(update=changes),))


def named(trade: Trade, name: str) -> Trade:
    return trade.model_copy(update={"trade_id": name})


def sold_first(books: Books) -> Books:
    """The books with the sale a minute before the buy."""
    bought, sold = books.fills
    return stated(books, fills=(bought, sold.model_copy(update={"filled_at": after(-1)})))
