"""Everything the audit looks at, read at one instant."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.fill_rows import fills_of_desk
from adapters.postgres.log import all_events
from adapters.postgres.order_rows import orders_of_desk
from adapters.postgres.portfolio import read_portfolio
from adapters.postgres.tables import capital_events, system_state
from trading.audit import Books
from trading.portfolio import CapitalEvent


async def read_books(connection: AsyncConnection, desk_id: str) -> Books:
    """A desk's books, positions that are closed included. The connection must read all of it at one instant."""
    portfolio = await read_portfolio(connection, desk_id, flat=True)
    head = select(system_state.c.event_count, system_state.c.event_head).where(system_state.c.desk_id == desk_id)
    count, seal = (await connection.execute(head)).one()
    return Books(
        desk_id=desk_id,
        portfolio=portfolio,
        capital=await _capital(connection, desk_id),
        orders=await orders_of_desk(connection, desk_id),
        fills=await fills_of_desk(connection, desk_id),
        events=await all_events(connection, desk_id),
        event_count=count,
        event_head=seal,
    )


async def _capital(connection: AsyncConnection, desk_id: str) -> tuple[CapitalEvent, ...]:
    query = select(capital_events).where(capital_events.c.desk_id == desk_id).order_by(capital_events.c.occurred_at)
    rows = (await connection.execute(query)).mappings()
    return tuple(CapitalEvent.model_validate({name: row[name] for name in CapitalEvent.model_fields}) for row in rows)
