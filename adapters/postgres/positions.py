"""The rows of positions and trades: projections of fills and adjustments, extended by the newest or counted anew."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, RowMapping, case, delete, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.fill_rows import fills_of_symbol
from adapters.postgres.tables import adjustments, orders, positions, trades
from trading.adjustments import Adjustment, price_through
from trading.instruments import UNKNOWN_SECTOR
from trading.orders import Fill, OrderRequest, effective
from trading.portfolio import Position, book_fill, positions_of
from trading.trades import Trade, book_trade, trades_of

ADOPTED = "adopted"
"""The strategy of shares that a person told the books to take over."""


class Valued(NamedTuple):
    """A price, in the shares of today, and the moment it is of."""

    mark: Decimal
    marked_at: datetime


async def extend_position(connection: AsyncConnection, request: OrderRequest, fill: Fill) -> None:
    """Add a fill that is the newest of its symbol."""
    row = await _row(connection, request.desk_id, fill.symbol)
    before = Position(symbol=fill.symbol, mark=fill.price)
    if row is not None:
        before = Position.model_validate({name: row[name] for name in Position.model_fields if row[name] is not None})
    open_trade = await _open_trade(connection, request)
    # The quote is of this moment or later: it is in the same shares.
    valued = _newer(Valued(fill.price, fill.filled_at), row, ())
    await _save_position(connection, request.desk_id, request.sector, (book_fill(before, fill), valued))
    for trade in book_trade(open_trade, before, fill):
        await _save_trade(connection, request.desk_id, trade)


async def rebuild_position(
    connection: AsyncConnection, desk_id: str, symbol: str, sector: str = UNKNOWN_SECTOR
) -> None:
    """Count a symbol anew from all its fills and adjustments: one came late, or was taken back."""
    fills = await fills_of_symbol(connection, desk_id, symbol)
    ours = (adjustments.c.desk_id == desk_id) & (adjustments.c.symbol == symbol)
    adjusted = await adjustments_where(connection, ours)
    row = await _row(connection, desk_id, symbol)
    position = positions_of(fills, adjusted).get(symbol)
    if position is None and fills:
        # When every fill was taken back there is still a row to value, at nothing.
        position = Position(symbol=symbol, mark=price_through(fills[-1].price, symbol, adjusted, fills[-1].filled_at))
    if position is None:
        return
    priced_at = [fill.filled_at for fill in effective(fills) or fills[-1:]]
    priced_at += [one.effective_at for one in adjusted if one.ratio is None]
    valued = _newer(Valued(position.mark, max(priced_at)), row, adjusted)
    await _save_position(connection, desk_id, sector, (position, valued))
    old = (trades.c.desk_id == desk_id) & (trades.c.symbol == symbol)
    await connection.execute(delete(trades).where(old))
    for trade in trades_of(fills, adjusted).values():
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
        "strategy_id": func.coalesce(select(orders.c.strategy_id).where(of_entry).scalar_subquery(), ADOPTED),
        "scores": func.coalesce(
            select(orders.c.request["scores"]).where(of_entry).scalar_subquery(), literal({}, type_=JSONB)
        ),
        "exit_reason": select(orders.c.leg).where(of_exit).scalar_subquery(),
    }
    entered = insert(trades).values(row)
    changed = {name: entered.excluded[name] for name in row if name != "trade_id"}
    await connection.execute(entered.on_conflict_do_update(index_elements=["trade_id"], set_=changed))
