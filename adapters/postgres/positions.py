"""The rows of positions, their parts and trades: projections, extended by the newest fill or counted anew."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, RowMapping, case, delete, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.capital_rows import paid_for
from adapters.postgres.fill_rows import fills_of_symbol
from adapters.postgres.sleeve_rows import read_holding, replace_parts, save_parts
from adapters.postgres.tables import adjustments, orders, positions, trades
from trading.adjustments import Adjustment, price_through
from trading.funding import sub_positions
from trading.instruments import UNKNOWN_SECTOR
from trading.orders import Fill, OrderRequest, effective
from trading.portfolio import Position
from trading.sleeves import Holding, Told, after, divide, fold, together
from trading.trades import Trade, book_trade, trades_by


class Valued(NamedTuple):
    """A price, in the shares of today, and the moment it is of."""

    mark: Decimal
    marked_at: datetime


async def extend_position(connection: AsyncConnection, request: OrderRequest, fill: Fill) -> None:
    """Add a fill that is the newest of its symbol."""
    desk_id, symbol = request.desk_id, fill.symbol
    row = await _row(connection, desk_id, symbol)
    before = await read_holding(connection, desk_id, symbol, fill.price if row is None else row["mark"])
    steps = divide(before, fill, {fill.client_order_id: request.strategy_id})
    holding = after(before, steps)
    position = together(symbol, holding) or Position(symbol=symbol, mark=fill.price)
    # The quote is of this moment or later: it is in the same shares.
    valued = _newer(Valued(fill.price, fill.filled_at), row, ())
    await _save_position(connection, desk_id, request.sector, (position, valued))
    changed = {step.strategy_id for step in steps}
    await save_parts(connection, desk_id, (p for p in sub_positions(symbol, holding) if p.strategy_id in changed))
    latest = await _open_trades(connection, desk_id, symbol)
    for step in steps:
        trade = book_trade(latest.get(step.strategy_id), step)
        if trade is not None:
            latest[step.strategy_id] = trade
            await _save_trade(connection, desk_id, trade)


async def rebuild_position(
    connection: AsyncConnection, desk_id: str, symbol: str, sector: str = UNKNOWN_SECTOR
) -> None:
    """Count a symbol anew from all that changed it: something came late, was taken back, or was paid for its shares."""
    fills = await fills_of_symbol(connection, desk_id, symbol)
    ours = (adjustments.c.desk_id == desk_id) & (adjustments.c.symbol == symbol)
    adjusted = await adjustments_where(connection, ours)
    paid = await paid_for(connection, desk_id, symbol)
    holdings, steps = fold(Told(fills, adjusted, paid, await _owners(connection, desk_id, symbol)))
    holding = holdings.get(symbol, Holding())
    row = await _row(connection, desk_id, symbol)
    position = together(symbol, holding)
    if position is None and fills:
        # When every fill was taken back there is still a row to value, at nothing.
        position = Position(symbol=symbol, mark=price_through(fills[-1].price, symbol, adjusted, fills[-1].filled_at))
    if position is None:
        return
    priced_at = [fill.filled_at for fill in effective(fills) or fills[-1:]]
    priced_at += [one.effective_at for one in adjusted if one.ratio is None]
    valued = _newer(Valued(position.mark, max(priced_at)), row, adjusted)
    await _save_position(connection, desk_id, sector, (position, valued))
    await replace_parts(connection, desk_id, symbol, sub_positions(symbol, holding))
    old = (trades.c.desk_id == desk_id) & (trades.c.symbol == symbol)
    await connection.execute(delete(trades).where(old))
    for trade in trades_by(steps).values():
        await _save_trade(connection, desk_id, trade)


async def adjustments_where(connection: AsyncConnection, which: ColumnElement[bool]) -> tuple[Adjustment, ...]:
    """The adjustments that match, in the order in which they came into force."""
    query = select(adjustments).where(which).order_by(adjustments.c.effective_at, adjustments.c.adjustment_id)
    rows = (await connection.execute(query)).mappings()
    return tuple(Adjustment.model_validate({name: row[name] for name in Adjustment.model_fields}) for row in rows)


def _newer(booked: Valued, row: RowMapping | None, adjusted: tuple[Adjustment, ...]) -> Valued:
    """The last quote, through the splits since, if it is not older than what was booked last."""
    if row is None or row["quoted_at"] is None or row["quoted_at"] < booked.marked_at:
        return booked
    quoted = price_through(row["quoted_mark"], row["symbol"], adjusted, row["quoted_at"])
    return Valued(quoted, row["quoted_at"])


async def _row(connection: AsyncConnection, desk_id: str, symbol: str) -> RowMapping | None:
    ours = (positions.c.desk_id == desk_id) & (positions.c.symbol == symbol)
    return (await connection.execute(select(positions).where(ours))).mappings().one_or_none()


async def _save_position(
    connection: AsyncConnection, desk_id: str, sector: str, counted: tuple[Position, Valued]
) -> None:
    """Write a position and what a share of it is worth; a sector that is not known leaves the one that is."""
    position, valued = counted
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
