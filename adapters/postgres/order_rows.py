"""The rows of orders: what was asked, what was last said of it, and what its fills made of that."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import RowMapping, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.tables import orders
from trading.events import printable
from trading.intending import KnownOrder
from trading.limits import Breach
from trading.orders import Order, OrderState


async def find_order(connection: AsyncConnection, client_order_id: str) -> KnownOrder | None:
    """One order by our id."""
    query = select(orders).where(orders.c.client_order_id == client_order_id)
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else _known(row)


async def find_orders(connection: AsyncConnection, names: Sequence[str]) -> dict[str, Order]:
    """Those of these orders that there are, by our id."""
    if not names:
        return {}
    rows = (await connection.execute(select(orders).where(orders.c.client_order_id.in_(names)))).mappings()
    return {row["client_order_id"]: _known(row).order for row in rows}


async def orders_of_desk(connection: AsyncConnection, desk_id: str) -> tuple[Order, ...]:
    """Every order of a desk, denied ones included, the oldest first."""
    query = select(orders).where(orders.c.desk_id == desk_id).order_by(orders.c.recorded_at, orders.c.client_order_id)
    return tuple(_known(row).order for row in (await connection.execute(query)).mappings())


async def enter_order(connection: AsyncConnection, order: Order, why_denied: Sequence[Breach] = ()) -> None:
    """Write an order for the first time."""
    terms = order.request.model_dump(include=_TERMS)
    found = [breach.model_dump(mode="json") for breach in why_denied]
    request = order.request.model_dump(mode="json")
    row = {**terms, **_progress(order, order.state), "request": request, "breaches": found or None}
    # Not when the transaction began: it may have waited for the lock, and what is counted by the minute is counted now.
    await connection.execute(insert(orders).values({**row, "recorded_at": func.clock_timestamp()}))


async def save_order(connection: AsyncConnection, order: Order, told_state: OrderState) -> None:
    """Write how far an order is."""
    ours = orders.c.client_order_id == order.request.client_order_id
    await connection.execute(update(orders).where(ours).values(_progress(order, told_state)))


_TERMS = {
    "client_order_id",
    "desk_id",
    "strategy_id",
    "cycle_id",
    "parent_id",
    "symbol",
    "side",
    "leg",
    "kind",
    "quantity",
}


def _progress(order: Order, told_state: OrderState) -> dict[str, object]:
    return {
        "state": order.state,
        "told_state": told_state,
        "filled_quantity": order.filled_quantity,
        "broker_order_id": order.broker_order_id,
        "reason": None if order.reason is None else printable(order.reason),
    }


def _known(row: RowMapping) -> KnownOrder:
    order = Order.model_validate({name: row[name] for name in Order.model_fields})
    return KnownOrder(order=order, told_state=row["told_state"], breaches=row["breaches"])
