"""Splits and adoptions: each written once, in force from its moment on, and the position counted anew with it."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import log
from adapters.postgres.portfolio import lock_books, revalue
from adapters.postgres.positions import adjustments_where, rebuild_position
from adapters.postgres.tables import adjustments
from trading.adjustments import Adjustment
from trading.errors import BooksDisagree
from trading.events import Event


async def adjust(connection: AsyncConnection, adjustment: Adjustment, event: Event) -> None:
    """Book an adjustment once: position, trades and event. Cash that came with it is a capital event of its own."""
    desk_id = adjustment.desk_id
    await lock_books(connection, desk_id)
    if await _enter(connection, adjustment):
        await rebuild_position(connection, desk_id, adjustment.symbol)
        await revalue(connection, desk_id)
    await log.append(connection, [event])


async def adjustments_of_desk(connection: AsyncConnection, desk_id: str) -> tuple[Adjustment, ...]:
    """Every adjustment of a desk, in the order in which they came into force."""
    return await adjustments_where(connection, adjustments.c.desk_id == desk_id)


async def _enter(connection: AsyncConnection, adjustment: Adjustment) -> bool:
    """Write an adjustment, and say whether it is new. Raises BooksDisagree when its id has other content."""
    entered = insert(adjustments).values(adjustment.model_dump()).on_conflict_do_nothing()
    if (await connection.execute(entered.returning(adjustments.c.adjustment_id))).one_or_none() is not None:
        return True
    same = adjustments.c.adjustment_id == adjustment.adjustment_id
    if await adjustments_where(connection, same) != (adjustment,):
        raise BooksDisagree(f"adjustment {adjustment.adjustment_id} was booked before with other content")
    return False
