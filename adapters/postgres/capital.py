"""Cash that comes or goes without a trade: booked once, with its event.

What the owner pays in or takes out moves the peak of equity by the same fraction as the equity itself, so the drawdown
is after it what it was before: a withdrawal is no loss, and a deposit hides none. Dividends, fees and interest are the
desk's own doing and leave the peak alone.
"""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import log
from adapters.postgres.capital_rows import enter_capital
from adapters.postgres.portfolio import lock_books, revalue
from adapters.postgres.positions import rebuild_position
from trading.capital import capital_of
from trading.events import Event
from trading.portfolio import FLOWS, peak_after
from trading.sleeves import FOR_SHARES

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
    if await enter_capital(connection, capital):
        equity, peak = (await connection.execute(_STATE, {"desk_id": desk_id})).one()
        await connection.execute(_ADD_CASH, {"desk_id": desk_id, "amount": capital.amount})
        if capital.kind in FLOWS:
            moved: Decimal = peak_after(peak, equity, capital.amount)
            await connection.execute(_MOVE_PEAK, {"desk_id": desk_id, "peak": moved})
        if capital.symbol is not None and capital.kind in FOR_SHARES:
            await rebuild_position(connection, desk_id, capital.symbol)
        await revalue(connection, desk_id)
    await log.append(connection, [changed])
