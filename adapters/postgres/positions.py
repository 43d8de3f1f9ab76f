"""The rows of positions, their parts and trades: projections, extended by the newest fill or counted anew."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, RowMapping, case, delete, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.capital_rows import paid_for
from adapters.postgres.fill_rows import fills_of_symbol
from adapters.postgres.sleeve_rows import read_holding, replace_parts, save_parts
from adapters.postgres.tables import adjustments, orders, positions, trades
from trading.adjustments import Adjustment
from trading.booking import Counted, Quoted, extended, recounted
from trading.funding import sub_positions
from trading.instruments import UNKNOWN_SECTOR
from trading.orders import Fill, OrderRequest
from trading.sleeves import Told
from trading.trades import Trade


async def extend_position(connection: AsyncConnection, request: OrderRequest, fill: Fill) -> None:
    """Add a fill that is the newest of its symbol."""
    desk_id, symbol = request.desk_id, fill.symbol
    row = await _row(connection, desk_id, symbol)
    before = await read_holding(connection, desk_id, symbol, fill.price if row is None else row["mark"])
    owners = {fill.client_order_id: request.strategy_id}
    counted = extended(before, fill, owners, _quoted(row), await _open_trades(connection, desk_id, symbol))
    await _save_position(connection, desk_id, request.sector, counted)
    parts = sub_positions(symbol, counted.holding)
    await save_parts(connection, desk_id, (part for part in parts if part.strategy_id in counted.changed))
    for trade in counted.trades:
        await _save_trade(connection, desk_id, trade)


async def rebuild_position(
    connection: AsyncConnection, desk_id: str, symbol: str, sector: str = UNKNOWN_SECTOR
) -> None:
    """Count a symbol anew from all that changed it: something came late, was taken back, or was paid for its shares."""
    ours = (adjustments.c.desk_id == desk_id) & (adjustments.c.symbol == symbol)
    told = Told(
        await fills_of_symbol(connection, desk_id, symbol),
        await adjustments_where(connection, ours),
        await paid_for(connection, desk_id, symbol),
        await _owners(connection, desk_id, symbol),
    )
    counted = recounted(symbol, told, _quoted(await _row(connection, desk_id, symbol)))
    if counted is None:
        return
    await _save_position(connection, desk_id, sector, counted)
    await replace_parts(connection, desk_id, symbol, sub_positions(symbol, counted.holding))
    old = (trades.c.desk_id == desk_id) & (trades.c.symbol == symbol)
    await connection.execute(delete(trades).where(old))
    for trade in counted.trades:
        await _save_trade(connection, desk_id, trade)


async def adjustments_where(connection: AsyncConnection, which: ColumnElement[bool]) -> tuple[Adjustment, ...]:
    """The adjustments that match, in the order in which they came into force."""
    query = select(adjustments).where(which).order_by(adjustments.c.effective_at, adjustments.c.adjustment_id)
    rows = (await connection.execute(query)).mappings()
    return tuple(Adjustment.model_validate({name: row[name] for name in Adjustment.model_fields}) for row in rows)


def _quoted(row: RowMapping | None) -> Quoted | None:
    return None if row is None or row["quoted_at"] is None else Quoted(row["quoted_mark"], row["quoted_at"])


async def _row(connection: AsyncConnection, desk_id: str, symbol: str) -> RowMapping | None:
    ours = (positions.c.desk_id == desk_id) & (positions.c.symbol == symbol)
    return (await connection.execute(select(positions).where(ours))).mappings().one_or_none()


async def _save_position(connection: AsyncConnection, desk_id: str, sector: str, counted: Counted) -> None:
    """Write a position and what a share of it is worth; a sector that is not known leaves the one that is."""
    position, valued = counted.position, counted.valued
    row = {
        **position.model_dump(exclude={"mark", "lots"}),
        "desk_id": desk_id,
        "sector": sector,
        "lots": position.model_dump(mode="json", include={"lots"})["lots"],
        "mark": valued.mark,
        "marked_at": valued.marked_at,
    }
    entered = insert(positions).values(row)
    new = entered.excluded
    changes: dict[str, ColumnElement[Any]] = {name: new[name] for name in row if name not in {"desk_id", "symbol"}}
    changes["sector"] = case((new.sector == UNKNOWN_SECTOR, positions.c.sector), else_=new.sector)
    await connection.execute(entered.on_conflict_do_update(index_elements=["desk_id", "symbol"], set_=changes))


async def _owners(connection: AsyncConnection, desk_id: str, symbol: str) -> dict[str, str]:
    ours = (orders.c.desk_id == desk_id) & (orders.c.symbol == symbol)
    query = select(orders.c.client_order_id, orders.c.strategy_id).where(ours)
    return {row.client_order_id: row.strategy_id for row in await connection.execute(query)}


async def _open_trades(connection: AsyncConnection, desk_id: str, symbol: str) -> dict[str, Trade]:
    """The open trade of each strategy in a symbol."""
    ours = (trades.c.desk_id == desk_id) & (trades.c.symbol == symbol) & trades.c.closed_at.is_(None)
    rows = (await connection.execute(select(trades).where(ours))).mappings()
    found = (Trade.model_validate({name: row[name] for name in Trade.model_fields}) for row in rows)
    return {trade.strategy_id: trade for trade in found}


async def _save_trade(connection: AsyncConnection, desk_id: str, trade: Trade) -> None:
    """Write a trade with what its orders knew: scores from the entry, the reason from the exit."""
    of_entry = orders.c.client_order_id == trade.entry_order_id
    of_exit = orders.c.client_order_id == trade.exit_order_id
    row = {
        **trade.model_dump(),
        "desk_id": desk_id,
        "scores": func.coalesce(
            select(orders.c.request["scores"]).where(of_entry).scalar_subquery(), literal({}, type_=JSONB)
        ),
        "exit_reason": select(orders.c.leg).where(of_exit).scalar_subquery(),
    }
    entered = insert(trades).values(row)
    changed = {name: entered.excluded[name] for name in row if name != "trade_id"}
    await connection.execute(entered.on_conflict_do_update(index_elements=["trade_id"], set_=changed))
