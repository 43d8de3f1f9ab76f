"""The rows of capital events: each written once and never changed."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.tables import capital_events
from trading.errors import BooksDisagree
from trading.portfolio import CapitalEvent
from trading.sleeves import FOR_SHARES


async def capital_of_desk(connection: AsyncConnection, desk_id: str) -> tuple[CapitalEvent, ...]:
    """Every capital event of a desk, the oldest first."""
    return await _select(connection, capital_events.c.desk_id == desk_id)


async def paid_for(connection: AsyncConnection, desk_id: str, symbol: str) -> tuple[CapitalEvent, ...]:
    """What was paid for the shares of one symbol."""
    ours = (capital_events.c.desk_id == desk_id) & (capital_events.c.symbol == symbol)
    return await _select(connection, ours & capital_events.c.kind.in_(sorted(FOR_SHARES)))


async def enter_capital(connection: AsyncConnection, capital: CapitalEvent) -> bool:
    """Write a capital event, and say whether it is new. Raises BooksDisagree when its id has other content."""
    entered = insert(capital_events).values(capital.model_dump()).on_conflict_do_nothing()
    if (await connection.execute(entered.returning(capital_events.c.capital_event_id))).one_or_none() is not None:
        return True
    if await _select(connection, capital_events.c.capital_event_id == capital.capital_event_id) != (capital,):
        raise BooksDisagree(f"capital event {capital.capital_event_id} was booked before with other content")
    return False


async def _select(connection: AsyncConnection, which: ColumnElement[bool]) -> tuple[CapitalEvent, ...]:
    query = select(capital_events).where(which).order_by(capital_events.c.occurred_at, capital_events.c.recorded_at)
    rows = (await connection.execute(query)).mappings()
    return tuple(CapitalEvent.model_validate({name: row[name] for name in CapitalEvent.model_fields}) for row in rows)
