"""Booking a fill: order, position, cash, trade and `TradeExecuted` together, in whatever order fills arrive."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import log
from adapters.postgres.fill_rows import cash_from_scratch, enter_fill, fills_of_order, is_newest, linked_fills
from adapters.postgres.order_rows import save_order
from adapters.postgres.orders import known_order
from adapters.postgres.portfolio import lock_books, revalue
from adapters.postgres.positions import extend_position, rebuild_position
from adapters.postgres.tables import portfolio_state
from adapters.tracing import spans
from trading.errors import BooksDisagree
from trading.events import Event
from trading.orders import Fill, Order, OrderRequest, settle


async def book_fill(connection: AsyncConnection, fill: Fill, executed: Event) -> Order:
    """Book a fill once. An over-fill is booked too: the broker did it."""
    desk_id = executed.desk_id
    await lock_books(connection, desk_id)
    known = await known_order(connection, fill.client_order_id)
    known.refuse_stranger(fill, desk_id)
    if not await enter_fill(connection, desk_id, fill):
        return known.order
    with spans.span("fill", _told(fill, known.order)):
        order = settle(known.as_told, await fills_of_order(connection, fill.client_order_id))
        await save_order(connection, order, known.told_state)
        await _book_position(connection, order.request, fill)
        await revalue(connection, desk_id)
        await log.append(connection, [executed])
        return order


def _told(fill: Fill, order: Order) -> spans.Attributes:
    """What a span says of a fill that the books did not have."""
    return {
        "trading.fill.fill_id": fill.fill_id,
        "trading.order.client_order_id": fill.client_order_id,
        "trading.order.side": order.request.side.value,
        "trading.symbol": order.request.symbol,
        "trading.fill.quantity": f"{fill.quantity:f}",
        "trading.fill.price": f"{fill.price:f}",
    }


async def _book_position(connection: AsyncConnection, request: OrderRequest, fill: Fill) -> None:
    """A fill that is the newest of its symbol adds to what is there; any other has the symbol counted anew."""
    linked = await linked_fills(connection, fill)
    for other in linked:
        if other.client_order_id != fill.client_order_id:
            raise BooksDisagree(f"fill {fill.fill_id} and {other.fill_id} take back each other across orders")
    desk_id, cash = request.desk_id, portfolio_state.c.cash + fill.cash_change
    if fill.reverses is None and not linked and await is_newest(connection, desk_id, fill):
        await extend_position(connection, request, fill)
        new_cash: object = cash
    else:
        await rebuild_position(connection, desk_id, request.symbol, request.sector)
        new_cash = await cash_from_scratch(connection, desk_id)
    ours = portfolio_state.c.desk_id == desk_id
    await connection.execute(update(portfolio_state).where(ours).values(cash=new_cash))
