"""Reading and writing the paper broker's book. Every function works inside its caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.paper_broker import account
from adapters.paper_broker.book import Book, PaperOrder
from adapters.postgres.paper_tables import paper_fills, paper_orders, paper_positions
from trading.money import ZERO
from trading.orders import OPEN, Fill
from trading.statement import Holding

_ORDER = tuple(paper_orders.c[name] for name in PaperOrder.model_fields)
_FILL = tuple(paper_fills.c[name] for name in Fill.model_fields if name in paper_fills.c)
_FAMILY = func.coalesce(paper_orders.c.parent_id, paper_orders.c.client_order_id)
_CHANGING = (
    *("quantity", "limit_price", "stop_price", "stop", "target", "mark"),
    *("state", "filled_quantity", "fill_count", "met_at", "reason"),
)
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
    """The books of these symbols in order of desk and symbol: open orders with their families, and the shares held."""
    of_symbols = paper_orders.c.symbol.in_(symbols)
    families = select(_FAMILY).where(of_symbols, _open())
    held = select(paper_positions).where(paper_positions.c.symbol.in_(symbols))
    found = {(row.desk_id, row.symbol): Book(held=row.quantity) for row in await connection.execute(held)}
    for order in await orders(connection, of_symbols & _FAMILY.in_(families)):
        key = order.desk_id, order.symbol
        found[key] = found.get(key, Book()).holding(order)
    return dict(sorted(found.items()))


async def save(connection: AsyncConnection, changed: Iterable[Book]) -> None:
    """Write the orders and the new fills of these books, and what the fills make of their accounts (locked before)."""
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
    for book in kept:
        if book.fills:
            last = book.fills[-1]
            desk_id, holding = book[last.client_order_id].desk_id, Holding(symbol=last.symbol, quantity=book.held)
            await account.add_cash(connection, desk_id, sum((fill.cash_change for fill in book.fills), ZERO))
            await account.post(connection, desk_id, holding, last.price, last.filled_at)


async def orders(connection: AsyncConnection, where: ColumnElement[bool]) -> tuple[PaperOrder, ...]:
    """The orders that match, oldest first."""
    rows = await connection.execute(select(*_ORDER).where(where).order_by(paper_orders.c.number))
    return tuple(PaperOrder.model_validate(row) for row in rows.mappings())


async def fills(connection: AsyncConnection, client_order_id: str) -> tuple[Fill, ...]:
    """The fills of one order, oldest first."""
    return await _fills(connection, paper_fills.c.client_order_id == client_order_id)


async def fills_of_desk(connection: AsyncConnection, desk_id: str, since: datetime) -> tuple[Fill, ...]:
    """The fills of a desk that happened, or were written, since a moment."""
    ours = select(paper_orders.c.client_order_id).where(paper_orders.c.desk_id == desk_id)
    recent = (paper_fills.c.filled_at >= since) | (paper_fills.c.recorded_at >= since)
    return await _fills(connection, paper_fills.c.client_order_id.in_(ours) & recent)


async def orders_of_desk(connection: AsyncConnection, desk_id: str, since: datetime | None) -> tuple[PaperOrder, ...]:
    """The orders of a desk that came since a moment, and those that are open however old; all by default."""
    ours = paper_orders.c.desk_id == desk_id
    return await orders(connection, ours if since is None else ours & ((paper_orders.c.received_at >= since) | _open()))


async def moving(connection: AsyncConnection, symbols: Sequence[str]) -> tuple[str, ...]:
    """Which of these symbols have open orders, or are held by any desk."""
    resting = select(paper_orders.c.symbol).where(paper_orders.c.symbol.in_(symbols), _open())
    held = select(paper_positions.c.symbol).where(
        paper_positions.c.symbol.in_(symbols), paper_positions.c.quantity != 0
    )
    return tuple(sorted((await connection.execute(resting.union(held))).scalars()))


def _open() -> ColumnElement[bool]:
    return paper_orders.c.state.in_(sorted(OPEN))


async def _fills(connection: AsyncConnection, where: ColumnElement[bool]) -> tuple[Fill, ...]:
    query = select(*_FILL).where(where).order_by(paper_fills.c.number)
    return tuple(Fill.model_validate(row) for row in (await connection.execute(query)).mappings())
