"""Cash that comes or goes without a trade: booked once, with its event.

What the owner pays in or takes out moves the peak of equity by the same fraction as the equity itself, so the drawdown
is after it what it was before: a withdrawal is no loss, and a deposit hides none. Dividends, fees and interest are the
desk's own doing and leave the peak alone.
"""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import log
from adapters.postgres.portfolio import lock_books, revalue
from adapters.postgres.tables import capital_events
from trading.errors import BooksDisagree
from trading.events import Event
from trading.portfolio import FLOWS, CapitalEvent, peak_after

_STATE = text("SELECT equity, peak_equity FROM portfolio_state WHERE desk_id = :desk_id")
_ADD_CASH = text("UPDATE portfolio_state SET cash = cash + CAST(:amount AS numeric) WHERE desk_id = :desk_id")
_MOVE_PEAK = text(
    "UPDATE portfolio_state SET peak_equity = CAST(:peak AS numeric), flow_count = flow_count + 1"
    " WHERE desk_id = :desk_id"
)


async def change_capital(connection: AsyncConnection, changed: Event) -> None:
    """Book a CapitalChanged once: cash, equity, peak and event. Raises BooksDisagree on an id with other content."""
    desk_id, capital = changed.desk_id, capital_of(changed)
    await lock_books(connection, desk_id)
    if await _enter(connection, capital):
        equity, peak = (await connection.execute(_STATE, {"desk_id": desk_id})).one()
        await connection.execute(_ADD_CASH, {"desk_id": desk_id, "amount": capital.amount})
        if capital.kind in FLOWS:
            moved: Decimal = peak_after(peak, equity, capital.amount)
            await connection.execute(_MOVE_PEAK, {"desk_id": desk_id, "peak": moved})
        await revalue(connection, desk_id)
    await log.append(connection, [changed])


def capital_of(changed: Event) -> CapitalEvent:
    """The capital event that a CapitalChanged tells of; those of older logs tell less."""
    return CapitalEvent.model_validate(
        {name: changed.data[name] for name in CapitalEvent.model_fields if name in changed.data}
    )


async def capital_of_desk(connection: AsyncConnection, desk_id: str) -> tuple[CapitalEvent, ...]:
    """Every capital event of a desk, the oldest first."""
    return await _select(connection, capital_events.c.desk_id == desk_id)


async def _enter(connection: AsyncConnection, capital: CapitalEvent) -> bool:
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
