"""What each strategy has of a desk: brought to its allocation at a mark, read for its limits, given back at the end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import log, sleeve_rows
from adapters.postgres.portfolio import lock_books, read_portfolio
from adapters.postgres.strategies import read_strategies
from trading import transfers
from trading.funding import capital_allocated
from trading.portfolio import Portfolio
from trading.sleeves import Allocation
from trading.strategy import ChangeRefused
from trading.transfers import AccountMarked, DividedDesk, Entry

_FLOWS = text("SELECT flow_count FROM portfolio_state WHERE desk_id = :desk_id")
_TRANSFERS = text(
    "SELECT strategy_id, count(*) AS transfers FROM allocations WHERE desk_id = :desk_id GROUP BY strategy_id"
)


async def read_own(connection: AsyncConnection, desk_id: str, strategy_id: str) -> Portfolio | None:
    """A strategy's part of the books: cash, positions, peak, its own open orders.

    None when its part is the whole desk, and for an order of nobody's strategy, such as a person's.
    """
    return (await _read(connection, desk_id)).limiting(strategy_id)


async def read_part(connection: AsyncConnection, desk_id: str, strategy_id: str) -> Portfolio | None:
    """What a strategy really has, be it the whole desk or in shadow; None when the books have never heard of it."""
    return (await _read(connection, desk_id)).part(strategy_id)


async def fund(connection: AsyncConnection, desk_id: str, strategy_id: str, at: datetime) -> Portfolio | None:
    """Bring a strategy's account to its allocation, once for each change of that; its part as of `read_own`."""
    await lock_books(connection, desk_id)
    desk = await _read(connection, desk_id)
    flows: int = (await connection.execute(_FLOWS, {"desk_id": desk_id})).scalar_one()
    if transfers.due(desk, strategy_id, flows):
        desk.transfers = await _transfers(connection, desk_id)
        await _write(connection, desk_id, transfers.fund(desk, strategy_id, flows, at))
    return desk.limiting(strategy_id)


async def release(connection: AsyncConnection, desk_id: str, strategy_id: str, at: datetime) -> ChangeRefused | None:
    """Give the cash of a strategy that is to be removed back to the reserve; or why it cannot be removed.

    Locks the desk's books: call it before what locks only the log.
    """
    await lock_books(connection, desk_id)
    desk = await _read(connection, desk_id)
    refused = transfers.bound(desk, strategy_id)
    if refused is None:
        desk.transfers = await _transfers(connection, desk_id)
        await _write(connection, desk_id, transfers.release(desk, strategy_id, at))
    return refused


async def _write(connection: AsyncConnection, desk_id: str, entries: Iterable[Entry]) -> None:
    for entry in entries:
        match entry:
            case AccountMarked(name, equity, at):
                await sleeve_rows.keep_marks(connection, desk_id, {name: equity}, at)
            case Allocation():
                await sleeve_rows.enter_allocation(connection, entry)
                await log.append(connection, [capital_allocated(entry)])
            case account:
                await sleeve_rows.save_account(connection, desk_id, account)


async def _transfers(connection: AsyncConnection, desk_id: str) -> dict[str, int]:
    """How many transfers each strategy has had."""
    rows = await connection.execute(_TRANSFERS, {"desk_id": desk_id})
    return {row.strategy_id: row.transfers for row in rows}


async def _read(connection: AsyncConnection, desk_id: str) -> DividedDesk:
    return DividedDesk(
        portfolio=await read_portfolio(connection, desk_id),
        strategies={one.strategy_id: one for one in await read_strategies(connection, desk_id)},
        accounts=await sleeve_rows.read_accounts(connection, desk_id),
        parts=await sleeve_rows.read_parts(connection, desk_id),
    )
