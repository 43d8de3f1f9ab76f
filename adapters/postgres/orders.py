"""Orders in the books: intended or denied under the desk's lock, then moved along, each step with its event."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import log
from adapters.postgres.desks import change_state
from adapters.postgres.fill_rows import fills_of_order
from adapters.postgres.footing import read_footing
from adapters.postgres.order_rows import enter_order, find_order, save_order
from adapters.postgres.portfolio import lock_books, read_portfolio
from adapters.postgres.recent import count_recent
from trading.errors import BooksDisagree
from trading.events import Event
from trading.intending import KnownOrder, asks_for_footing, cleared, forbidden, intended, scene_of
from trading.limits import Scene
from trading.orders import OPERATOR, Order, OrderState, advance, settle
from trading.settlement import BrokerOrder, Clearance, Denied, IntentAsked, Sending


async def intend_order(connection: AsyncConnection, asked: IntentAsked) -> Order | Denied:
    """Check an order and write it, intended or denied; asked again, answer as before."""
    request = asked.request
    await lock_books(connection, request.desk_id)
    known = await find_order(connection, request.client_order_id)
    if known is not None:
        known.refuse_other(request)
        return known.answer
    made = intended(asked, await _scene(connection, asked))
    await enter_order(connection, made.known.order, made.known.breaches or ())
    await log.append(connection, [made.event])
    if made.stop is not None:
        await change_state(connection, made.stop.change)
        await log.append(connection, [made.stop.alert])
    return made.known.answer


async def clear_order(connection: AsyncConnection, sending: Sending, at: datetime) -> Clearance:
    """Say under the lock whether an order may go on the wire, and write that it does before it does."""
    request = sending.request
    await lock_books(connection, request.desk_id)
    known = await known_order(connection, request.client_order_id)
    known.refuse_other(request)
    made = cleared(known.order, sending, await _forbidden(connection, sending), at)
    if made.event is not None:
        await save_order(connection, made.order, made.order.state)
        await log.append(connection, [made.event])
    return Clearance(order=made.order, may_send=made.may_send)


async def move_order(
    connection: AsyncConnection, client_order_id: str, state: OrderState, broker: BrokerOrder | None, event: Event
) -> Order:
    """Move an order to the state that is said of it. Once the event is written it has moved, and stays as it is now.

    Booked fills count in every state: an order cancelled half-way is cancelled, with half filled.
    """
    await lock_books(connection, event.desk_id)
    known = await known_order(connection, client_order_id)
    # Two who look at once may give two reasons for the same end: the first has said it.
    if known.told_state is state or await log.written(connection, [event]):
        return known.order
    why, name = event.data.get("reason"), broker.broker_order_id if broker else None
    said = advance(known.order, state, broker_order_id=name, reason=str(why) if why else None)
    moved = settle(said, await fills_of_order(connection, client_order_id))
    await save_order(connection, moved, state)
    await log.append(connection, [event])
    return moved


async def adopt_order(connection: AsyncConnection, order: Order, event: Event) -> None:
    """Enter a protective order that the broker holds, unless it is there."""
    await lock_books(connection, order.request.desk_id)
    known = await find_order(connection, order.request.client_order_id)
    if known is None:
        await enter_order(connection, order)
    else:
        known.refuse_other(order.request)
    await log.append(connection, [event])


async def _scene(connection: AsyncConnection, asked: IntentAsked) -> Scene:
    request = asked.request
    portfolio = await read_portfolio(connection, request.desk_id)
    recent = await count_recent(connection, request, asked.limits.duplicate_minutes)
    by_person = request.strategy_id == OPERATOR
    footing = None if by_person else await read_footing(connection, request.desk_id, request.strategy_id)
    return scene_of(asked, portfolio, recent, footing)


async def _forbidden(connection: AsyncConnection, sending: Sending) -> str:
    request = sending.request
    state = (await read_portfolio(connection, request.desk_id)).trading_state
    asks = asks_for_footing(sending, state)
    footing = await read_footing(connection, request.desk_id, request.strategy_id) if asks else None
    return forbidden(sending, state, footing)


async def known_order(connection: AsyncConnection, client_order_id: str) -> KnownOrder:
    """One order that must be there."""
    known = await find_order(connection, client_order_id)
    if known is None:
        raise BooksDisagree(f"the books know no order {client_order_id}")
    return known
