"""Reading and writing the paper broker's book. Every function works inside its caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.paper_broker.book import Book, PaperOrder
from adapters.postgres.paper_tables import paper_fills, paper_orders
from trading.instruments import Side
from trading.orders import OPEN, Fill

_ORDER = tuple(paper_orders.c[name] for name in PaperOrder.model_fields)
_FILL = tuple(paper_fills.c[name] for name in Fill.model_fields if name in paper_fills.c)
_FAMILY = func.coalesce(paper_orders.c.parent_id, paper_orders.c.client_order_id)
_CHANGING = ("quantity", "state", "filled_quantity", "fill_count", "met_at", "reason")
# One lock a symbol, taken in one order: rows that are not there yet (a new order, a leg) cannot be locked themselves.
_LOCK = text(
    "SELECT pg_advisory_xact_lock(key) FROM (SELECT DISTINCT hashtextextended('paper_broker/' || symbol, 0) AS key"
    " FROM unnest(CAST(:symbols AS text[])) AS symbol ORDER BY key) AS keys"
)


async def lock(connection: AsyncConnection, symbols: Sequence[str]) -> None:
    """Be the only one to change orders of these symbols until the transaction ends. Read nothing to act on before."""
    await connection.execute(_LOCK, {"symbols": list(symbols)})


async def add(connection: AsyncConnection, order: PaperOrder) -> bool:
    """Enter a new order; False when its id is taken."""
    statement = insert(paper_orders).values(order.model_dump()).on_conflict_do_nothing()
    entered = await connection.execute(statement.returning(paper_orders.c.client_order_id))
    return entered.first() is not None


async def books(connection: AsyncConnection, symbols: Sequence[str]) -> dict[tuple[str, str], Book]:
    """The books of these symbols by desk and symbol: open orders with their families, and the shares held."""
    of_symbols = paper_orders.c.symbol.in_(symbols)
    families = select(_FAMILY).where(of_symbols, _open())
    found = {key: Book(held=held) for key, held in await _held(connection, of_symbols)}
    for order in await orders(connection, of_symbols & _FAMILY.in_(families)):
        key = order.desk_id, order.symbol
        found[key] = found.get(key, Book()).holding(order)
    return found


async def save(connection: AsyncConnection, changed: Iterable[Book]) -> None:
    """Write the orders and the new fills of these books."""
    kept = list(changed)
    rows = [order.model_dump() for book in kept for order in book.orders.values()]
    if rows:
        statement = insert(paper_orders)
        changing = {name: statement.excluded[name] for name in _CHANGING}
        await connection.execute(
            statement.on_conflict_do_update(index_elements=["client_order_id"], set_=changing), rows
        )
    made = [fill.model_dump(exclude={"reverses"}) for book in kept for fill in book.fills]
    if made:
        await connection.execute(insert(paper_fills), made)


async def orders(connection: AsyncConnection, where: ColumnElement[bool]) -> tuple[PaperOrder, ...]:
    """The orders that match, oldest first."""
    rows = await connection.execute(select(*_ORDER).where(where).order_by(paper_orders.c.number))
    return tuple(PaperOrder.model_validate(row) for row in rows.mappings())


async def fills(connection: AsyncConnection, client_order_id: str) -> tuple[Fill, ...]:
    """The fills of one order, oldest first."""
    of_order = select(*_FILL).where(paper_fills.c.client_order_id == client_order_id).order_by(paper_fills.c.number)
    return tuple(Fill.model_validate(row) for row in (await connection.execute(of_order)).mappings())


async def fills_of_desk(connection: AsyncConnection, desk_id: str) -> tuple[Fill, ...]:
    """Every fill of one desk, oldest first."""
    ours = select(paper_orders.c.client_order_id).where(paper_orders.c.desk_id == desk_id)
    of_desk = select(*_FILL).where(paper_fills.c.client_order_id.in_(ours)).order_by(paper_fills.c.number)
    return tuple(Fill.model_validate(row) for row in (await connection.execute(of_desk)).mappings())


async def resting(connection: AsyncConnection, symbols: Sequence[str]) -> tuple[str, ...]:
    """Which of these symbols have open orders."""
    statement: Select[Any] = select(paper_orders.c.symbol).where(paper_orders.c.symbol.in_(symbols), _open()).distinct()
    return tuple(sorted((await connection.execute(statement)).scalars()))


def _open() -> ColumnElement[bool]:
    return paper_orders.c.state.in_(sorted(OPEN))


async def _held(connection: AsyncConnection, where: ColumnElement[bool]) -> list[tuple[tuple[str, str], Any]]:
    signed = case(
        (paper_orders.c.side == Side.BUY, paper_orders.c.filled_quantity), else_=-paper_orders.c.filled_quantity
    )
    by = paper_orders.c.desk_id, paper_orders.c.symbol
    rows = await connection.execute(select(*by, func.sum(signed)).where(where).group_by(*by))
    return [((desk_id, symbol), held) for desk_id, symbol, held in rows]
