"""Orders in the books: intended or denied, then moved along, each step with its event."""

from __future__ import annotations

from datetime import datetime

from adapters.memory import breakers
from adapters.memory.desk import Desk, Store
from adapters.memory.rounding import trimmed
from trading.events import Event, printable
from trading.intending import KnownOrder, asks_for_footing, cleared, forbidden, intended, scene_of
from trading.orders import OPERATOR, Order, OrderState, advance, settle
from trading.settlement import BrokerOrder, Clearance, Denied, IntentAsked, Sending


def intend_order(store: Store, asked: IntentAsked) -> Order | Denied:
    """Check an order and write it, intended or denied; asked again, answer as before."""
    request, desk = asked.request, store.desk(asked.request.desk_id)
    known = store.orders.get(request.client_order_id)
    if known is not None:
        known.refuse_other(request)
        return known.answer
    recent = desk.lately.count(request, asked.limits.duplicate_minutes, desk.now, desk.orders)
    footing = None if request.strategy_id == OPERATOR else desk.footing(request.strategy_id)
    made = intended(asked, scene_of(asked, desk.portfolio(), recent, footing))
    desk.log.known([made.event])
    _enter(desk, made.known)
    desk.append(made.event)
    if made.stop is not None:
        breakers.change_state(desk, made.stop.change)
        desk.append(made.stop.alert)
    return made.known.answer


def clear_order(store: Store, sending: Sending, at: datetime) -> Clearance:
    """Say whether an order may go on the wire, and write that it does before it does."""
    request, desk = sending.request, store.desk(sending.request.desk_id)
    known = store.order(request.client_order_id)
    known.refuse_other(request)
    state = desk.breaker.state
    footing = desk.footing(request.strategy_id) if asks_for_footing(sending, state) else None
    made = cleared(known.order, sending, forbidden(sending, state, footing), at)
    if made.event is not None:
        desk.log.known([made.event])
        desk.save_order(_moved(known, made.order, made.order.state))
        desk.append(made.event)
    return Clearance(order=made.order, may_send=made.may_send)


def move_order(
    store: Store, client_order_id: str, state: OrderState, broker: BrokerOrder | None, event: Event
) -> Order:
    """Move an order to the state that is said of it. Once the event is written it has moved, and stays as it is now.

    Booked fills count in every state: an order cancelled half-way is cancelled, with half filled.
    """
    desk, known = store.desk(event.desk_id), store.order(client_order_id)
    # Two who look at once may give two reasons for the same end: the first has said it.
    if known.told_state is state or desk.log.known([event]):
        return known.order
    why, name = event.data.get("reason"), broker.broker_order_id if broker else None
    said = advance(known.order, state, broker_order_id=name, reason=str(why) if why else None)
    moved = settle(said, store.fills_of.get(client_order_id, ()))
    desk.save_order(_moved(known, moved, state))
    desk.append(event)
    return moved


def adopt_order(store: Store, order: Order, event: Event) -> None:
    """Enter a protective order that the broker holds, unless it is there."""
    desk, known = store.desk(order.request.desk_id), store.orders.get(order.request.client_order_id)
    if known is not None:
        known.refuse_other(order.request)
    desk.log.known([event])
    if known is None:
        _enter(desk, KnownOrder(order=order, told_state=order.state))
    desk.append(event)


def _enter(desk: Desk, known: KnownOrder) -> None:
    desk.save_order(_moved(known, known.order, known.told_state))
    desk.lately.enter(known, desk.now)


def _moved(known: KnownOrder, order: Order, told_state: OrderState) -> KnownOrder:
    """As a table gives it back."""
    reason = None if order.reason is None else printable(order.reason)
    stored = order.model_copy(update={"filled_quantity": trimmed(order.filled_quantity), "reason": reason})
    return known.model_copy(update={"order": stored, "told_state": told_state})
