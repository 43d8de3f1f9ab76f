"""The invariants of what the ledger states beside its fills and its log: each row must follow from these."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby

from trading.books import Books, Finding
from trading.events import EventType
from trading.instruments import UNKNOWN_SECTOR, Side
from trading.money import ZERO
from trading.orders import Fill, Leg, Order, OrderState, settle
from trading.portfolio import FLOWS, Happening, Position, book, first_position, timeline
from trading.sleeves import owners_of
from trading.trades import trades_of

_SAID: Mapping[EventType, OrderState] = {
    EventType.ORDER_INTENDED: OrderState.INTENDED,
    EventType.ORDER_DENIED: OrderState.DENIED,
    EventType.ORDER_SUBMITTED: OrderState.SUBMITTED,
    EventType.ORDER_UNKNOWN: OrderState.UNKNOWN,
    EventType.ORDER_ACCEPTED: OrderState.ACCEPTED,
    EventType.ORDER_REJECTED: OrderState.REJECTED,
    EventType.ORDER_CANCELLED: OrderState.CANCELLED,
    EventType.ORDER_EXPIRED: OrderState.EXPIRED,
}


def equity_follows_from_positions(books: Books) -> Iterable[Finding]:
    """I6: equity is cash plus positions at their marks; its peak is below no mark and not below the first deposit.

    What the owner pays in or takes out moves the peak, so only the marks since then count. The peak has no exact
    answer: of two marks of one moment the later is kept, and the earlier may have been it.
    """
    equity, peak = books.portfolio.equity, books.portfolio.peak_equity
    if books.equity != equity:
        found = f"the books say {books.equity}, cash and marks make {equity}"
        yield Finding(invariant="I6", about="equity", found=found)
    flows = [paid.amount for paid in books.capital if paid.kind in FLOWS]
    least = max([books.most_equity, *(flows if len(flows) == 1 else ())])
    if peak < least:
        yield Finding(invariant="I6", about="peak_equity", found=f"the books say {peak}, it was {least}")


def trades_follow_from_fills(books: Books) -> Iterable[Finding]:
    """I6: the trades are those that the fills make."""
    stated = {trade.trade_id: trade for trade in books.trades}
    made = trades_of(books.fills, books.adjustments, owners_of(books.orders))
    for name in sorted(stated.keys() | made.keys()):
        said, expected = stated.get(name), made.get(name)
        if said is None or expected is None:
            found = "fills make this trade, the books have none" if said is None else "no fills make this trade"
            yield Finding(invariant="I6", about=name, found=found)
        elif said != expected:
            fields = ((field, getattr(said, field), getattr(expected, field)) for field in type(said).model_fields)
            wrong = [f"{name}: the books say {ours}, fills make {due}" for name, ours, due in fields if ours != due]
            yield Finding(invariant="I6", about=said.trade_id, found="; ".join(wrong))


def sectors_follow_from_orders(books: Books) -> Iterable[Finding]:
    """I6: a position is in the sector that the last order to fill in it named, in the order fills were booked."""
    named = {order.request.client_order_id: order.request.sector for order in books.orders}
    sectors: dict[str, str] = {}
    for stored in books.events:
        data = stored.event.data
        sector = named.get(str(data.get("client_order_id")), UNKNOWN_SECTOR)
        if stored.event.type is EventType.TRADE_EXECUTED and sector != UNKNOWN_SECTOR:
            sectors[str(data["symbol"])] = sector
    for position in books.portfolio.positions:
        expected = sectors.get(position.symbol, UNKNOWN_SECTOR)
        if position.sector != expected:
            found = f"the books say sector {position.sector}, its orders {expected}"
            yield Finding(invariant="I6", about=position.symbol, found=found)


def orders_follow_from_events(books: Books) -> Iterable[Finding]:
    """I6: every order is in the state that the log last said of it, moved on by its fills."""
    said: dict[str, OrderState] = {}
    for stored in books.events:
        if stored.event.type in _SAID and "client_order_id" in stored.event.data:
            said[str(stored.event.data["client_order_id"])] = _SAID[stored.event.type]
    fills: dict[str, list[Fill]] = defaultdict(list)
    for fill in books.fills:
        fills[fill.client_order_id].append(fill)
    for order in books.orders:
        name = order.request.client_order_id
        told = said.pop(name, None)
        expected = told and _told(order, told, fills[name])
        if order.state is not expected:
            yield Finding(invariant="I6", about=name, found=f"the books say {order.state}, the log {expected}")
    for name, state in said.items():
        yield Finding(invariant="I6", about=name, found=f"the books know no such order, the log says {state}")


def never_short(books: Books) -> Iterable[Finding]:
    """I7: nothing is held short, and nothing was at any moment: shares are bought before they are sold.

    Fills of one moment have no order among them, so only what they come to together counts. A symbol that an order sold
    short on purpose is left out.
    """
    shorts = (o.request for o in books.orders if o.state is not OrderState.DENIED and o.request.leg is Leg.ENTRY)
    meant = {request.symbol for request in shorts if request.side is Side.SELL}
    for position in books.portfolio.positions:
        if position.quantity < 0 and position.symbol not in meant:
            yield Finding(invariant="I7", about=position.symbol, found=f"short: {position.quantity:f} shares")
    held: dict[str, Position] = {}
    for at, moment in groupby(timeline(books.fills, books.adjustments), key=_moment):
        before = {symbol: position.quantity for symbol, position in held.items()}
        for happening in moment:
            start = held.get(happening.symbol) or first_position(happening)
            if start is not None:
                held[happening.symbol] = book(start, happening)
        for symbol, position in held.items():
            if position.quantity < 0 and position.quantity != before.get(symbol, ZERO) and symbol not in meant:
                found = f"short: {position.quantity:f} shares at {at.isoformat()}"
                yield Finding(invariant="I7", about=symbol, found=found)


def _moment(happening: Happening) -> datetime:
    return happening.filled_at if isinstance(happening, Fill) else happening.effective_at


def _told(order: Order, state: OrderState, fills: Iterable[Fill]) -> OrderState:
    return settle(order.model_copy(update={"state": state}), fills).state
