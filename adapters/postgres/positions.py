"""The rows of positions and trades: projections of fills, extended by the newest or counted anew from all."""

from __future__ import annotations

from sqlalchemy import case, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.fill_rows import fills_of_symbol
from adapters.postgres.tables import orders, positions, trades
from trading.instruments import UNKNOWN_SECTOR
from trading.orders import Fill, OrderRequest, effective
from trading.portfolio import Position, book_fill, positions_of
from trading.trades import Trade, book_trade, trades_of


async def extend_position(connection: AsyncConnection, request: OrderRequest, fill: Fill) -> None:
    """Add a fill that is the newest of its symbol."""
    ours = (positions.c.desk_id == request.desk_id) & (positions.c.symbol == fill.symbol)
    row = (await connection.execute(select(positions).where(ours))).mappings().one_or_none()
    before = Position(symbol=fill.symbol, mark=fill.price)
    if row is not None:
        before = Position.model_validate({name: row[name] for name in Position.model_fields})
    open_trade = await _open_trade(connection, request)
    await _save_position(connection, request, book_fill(before, fill), fill)
    for trade in book_trade(open_trade, before, fill):
        await _save_trade(connection, request.desk_id, trade)


async def rebuild_position(connection: AsyncConnection, request: OrderRequest) -> None:
    """Count a symbol anew from all its fills: one came late, or was taken back."""
    fills = await fills_of_symbol(connection, request.desk_id, request.symbol)
    # When every fill was taken back there is still a row to value, at nothing.
    newest = (effective(fills) or fills)[-1]
    flat = Position(symbol=request.symbol, mark=newest.price)
    await _save_position(connection, request, positions_of(fills).get(request.symbol, flat), newest)
    ours = (trades.c.desk_id == request.desk_id) & (trades.c.symbol == request.symbol)
    await connection.execute(delete(trades).where(ours))
    for trade in trades_of(fills).values():
        await _save_trade(connection, request.desk_id, trade)


async def _save_position(connection: AsyncConnection, request: OrderRequest, position: Position, newest: Fill) -> None:
    """Write a position, valued at its newest fill unless a quote came after that."""
    row = {
        **position.model_dump(exclude={"mark"}),
        "desk_id": request.desk_id,
        "sector": request.sector,
        "mark": newest.price,
        "marked_at": newest.filled_at,
    }
    entered = insert(positions).values(row)
    new = entered.excluded
    quoted_later = positions.c.quoted_at >= new.marked_at
    changes = {
        "quantity": new.quantity,
        "cost_basis": new.cost_basis,
        "realised_pnl": new.realised_pnl,
        "sector": case((new.sector == UNKNOWN_SECTOR, positions.c.sector), else_=new.sector),
        "mark": case((quoted_later, positions.c.quoted_mark), else_=new.mark),
        "marked_at": case((quoted_later, positions.c.quoted_at), else_=new.marked_at),
    }
    await connection.execute(entered.on_conflict_do_update(index_elements=["desk_id", "symbol"], set_=changes))


async def _open_trade(connection: AsyncConnection, request: OrderRequest) -> Trade | None:
    ours = (trades.c.desk_id == request.desk_id) & (trades.c.symbol == request.symbol) & trades.c.closed_at.is_(None)
    row = (await connection.execute(select(trades).where(ours))).mappings().one_or_none()
    return None if row is None else Trade.model_validate({name: row[name] for name in Trade.model_fields})


async def _save_trade(connection: AsyncConnection, desk_id: str, trade: Trade) -> None:
    """Write a trade with what its orders knew: strategy and scores from the entry, the reason from the exit."""
    of_entry = orders.c.client_order_id == trade.entry_order_id
    of_exit = orders.c.client_order_id == trade.exit_order_id
    row = {
        **trade.model_dump(),
        "desk_id": desk_id,
        "strategy_id": select(orders.c.strategy_id).where(of_entry).scalar_subquery(),
        "scores": select(orders.c.request["scores"]).where(of_entry).scalar_subquery(),
        "exit_reason": select(orders.c.leg).where(of_exit).scalar_subquery(),
    }
    entered = insert(trades).values(row)
    changed = {name: entered.excluded[name] for name in row if name != "trade_id"}
    await connection.execute(entered.on_conflict_do_update(index_elements=["trade_id"], set_=changed))
