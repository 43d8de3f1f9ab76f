"""The rows of fills: each written once and never changed."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import ColumnElement, exists, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.tables import adjustments, capital_events, fills
from trading.errors import BooksDisagree
from trading.orders import Fill

# The same rule as `effective`: a fill that takes another back does not count, nor does the other.
_CASH = text(
    """
    SELECT (SELECT coalesce(sum(amount), 0) FROM capital_events WHERE desk_id = :desk_id)
        + (SELECT coalesce(sum(cash_change), 0) FROM fills f WHERE desk_id = :desk_id AND reverses IS NULL
           AND NOT EXISTS (SELECT FROM fills r WHERE r.reverses = f.fill_id))
    """
)


async def enter_fill(connection: AsyncConnection, desk_id: str, fill: Fill) -> bool:
    """Write a fill, and say whether it is new. Raises BooksDisagree when its id was written with other content."""
    row = {**fill.model_dump(), "desk_id": desk_id, "cash_change": fill.cash_change}
    written = insert(fills).values(row).on_conflict_do_nothing().returning(fills.c.fill_id)
    if (await connection.execute(written)).one_or_none() is not None:
        return True
    if await _select(connection, fills.c.fill_id == fill.fill_id) != (fill,):
        raise BooksDisagree(f"fill {fill.fill_id} was booked before with other content")
    return False


async def fills_of_order(connection: AsyncConnection, client_order_id: str) -> tuple[Fill, ...]:
    """Every fill of one order."""
    return await _select(connection, fills.c.client_order_id == client_order_id)


async def fills_of_symbol(connection: AsyncConnection, desk_id: str, symbol: str) -> tuple[Fill, ...]:
    """Every fill of one symbol of a desk."""
    return await _select(connection, (fills.c.desk_id == desk_id) & (fills.c.symbol == symbol))


async def fills_of_desk(connection: AsyncConnection, desk_id: str) -> tuple[Fill, ...]:
    """Every fill of a desk, in the order they happened."""
    return await _select(connection, fills.c.desk_id == desk_id)


async def linked_fills(connection: AsyncConnection, fill: Fill) -> tuple[Fill, ...]:
    """The fill that this one takes back and those that take it back, as far as they are here."""
    return await _select(connection, (fills.c.fill_id == fill.reverses) | (fills.c.reverses == fill.fill_id))


async def is_newest(connection: AsyncConnection, desk_id: str, fill: Fill) -> bool:
    """Whether the symbol has no fill and no dividend of the same moment or later, and no adjustment of a later one."""
    same = (fills.c.desk_id == desk_id) & (fills.c.symbol == fill.symbol) & (fills.c.fill_id != fill.fill_id)
    adjusted = (adjustments.c.desk_id == desk_id) & (adjustments.c.symbol == fill.symbol)
    later = exists().where(same & (fills.c.filled_at >= fill.filled_at))
    later_adjusted = exists().where(adjusted & (adjustments.c.effective_at > fill.filled_at))
    paid = (capital_events.c.desk_id == desk_id) & (capital_events.c.symbol == fill.symbol)
    paid_later = exists().where(paid & (capital_events.c.occurred_at >= fill.filled_at))
    return not (await connection.execute(select(later | later_adjusted | paid_later))).scalar_one()


async def cash_from_scratch(connection: AsyncConnection, desk_id: str) -> Decimal:
    """Dollars of cash that capital events and fills make."""
    cash: Decimal = (await connection.execute(_CASH, {"desk_id": desk_id})).scalar_one()
    return cash


async def _select(connection: AsyncConnection, which: ColumnElement[bool]) -> tuple[Fill, ...]:
    query = select(fills).where(which).order_by(fills.c.filled_at, fills.c.fill_id)
    rows = (await connection.execute(query)).mappings()
    return tuple(Fill.model_validate({name: row[name] for name in Fill.model_fields}) for row in rows)
