"""A desk's portfolio: read at once in one statement, locked before it changes, marked to the market."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Numeric, Text

from adapters.postgres import sleeve_rows
from adapters.postgres.log import Head, lock_log
from trading.errors import BooksDisagree
from trading.funding import equities
from trading.market import Quote
from trading.portfolio import Portfolio

# Amounts travel as text: in JSON a number is a float to whoever reads it.
_READ = text(
    """
    SELECT p.desk_id, s.trading_state, p.cash, p.peak_equity, p.marked_at,
        coalesce((
            SELECT jsonb_agg(jsonb_build_object(
                'symbol', symbol, 'sector', sector, 'quantity', trim_scale(quantity)::text,
                'cost_basis', cost_basis::text, 'realised_pnl', realised_pnl::text, 'mark', trim_scale(mark)::text,
                'lots', CASE WHEN :flat THEN coalesce(lots, '[]') ELSE '[]' END
            ) ORDER BY symbol COLLATE "C")
            FROM positions WHERE desk_id = :desk_id AND (quantity <> 0 OR :flat)
        ), '[]') AS positions,
        coalesce((
            SELECT jsonb_agg(jsonb_build_object(
                'request', request, 'state', state, 'filled_quantity', trim_scale(filled_quantity)::text,
                'broker_order_id', broker_order_id, 'reason', reason
            ) ORDER BY client_order_id COLLATE "C")
            FROM orders WHERE desk_id = :desk_id
            AND state IN ('intended', 'submitted', 'unknown', 'accepted', 'partially_filled')
        ), '[]') AS open_orders
    FROM portfolio_state p JOIN system_state s USING (desk_id) WHERE desk_id = :desk_id
    """
)
_LOCK = text("SELECT desk_id FROM portfolio_state WHERE desk_id = :desk_id FOR UPDATE")
_QUOTE = text(
    """
    UPDATE positions SET mark = q.mark, marked_at = :marked_at, quoted_mark = q.mark, quoted_at = :marked_at
    FROM unnest(:symbols, :marks) AS q (symbol, mark)
    WHERE desk_id = :desk_id AND positions.symbol = q.symbol AND quantity <> 0
    AND (quoted_at IS NULL OR quoted_at <= :marked_at)
    """
).bindparams(
    bindparam("symbols", type_=ARRAY(Text)),
    bindparam("marks", type_=ARRAY(Numeric)),
    bindparam("marked_at", type_=TIMESTAMP(timezone=True)),
)
_KEEP_PEAK = text(
    """
    UPDATE portfolio_state SET equity = :equity, peak_equity = greatest(peak_equity, :equity),
        marked_at = greatest(marked_at, :marked_at)
    WHERE desk_id = :desk_id RETURNING peak_equity, marked_at
    """
).bindparams(bindparam("equity", type_=Numeric), bindparam("marked_at", type_=TIMESTAMP(timezone=True)))
_KEEP_MARK = text(
    """
    INSERT INTO equity_marks AS m (desk_id, marked_at, equity, cash, flow_count)
    SELECT desk_id, :marked_at, CAST(:equity AS numeric), CAST(:cash AS numeric), flow_count
    FROM portfolio_state WHERE desk_id = :desk_id
    ON CONFLICT (desk_id, marked_at)
    DO UPDATE SET equity = excluded.equity, cash = excluded.cash, flow_count = excluded.flow_count
    WHERE NOT EXISTS (SELECT FROM equity_marks l WHERE l.desk_id = m.desk_id AND l.marked_at > m.marked_at)
    """
).bindparams(bindparam("marked_at", type_=TIMESTAMP(timezone=True)))
_SET_EQUITY = text("UPDATE portfolio_state SET equity = :equity WHERE desk_id = :desk_id")


async def lock_books(connection: AsyncConnection, desk_id: str) -> Head:
    """Hold a desk's books and its log until the transaction ends: first the portfolio, then the log, always."""
    if (await connection.execute(_LOCK, {"desk_id": desk_id})).one_or_none() is None:
        raise BooksDisagree(f"the books know no desk {desk_id}")
    return await lock_log(connection, desk_id)


async def read_portfolio(connection: AsyncConnection, desk_id: str, *, flat: bool = False) -> Portfolio:
    """Cash, positions, open orders and the trading state; with `flat`, also positions that are closed, and all lots.

    Lots are for whoever counts: a position of many years has many, and nobody who only decides needs them.
    """
    row = (await connection.execute(_READ, {"desk_id": desk_id, "flat": flat})).mappings().one_or_none()
    if row is None:
        raise BooksDisagree(f"the books know no desk {desk_id}")
    return Portfolio.model_validate(dict(row))


async def mark_positions(
    connection: AsyncConnection, desk_id: str, quotes: Mapping[str, Quote], marked_at: datetime
) -> Portfolio:
    """Value held positions, unless a later quote has already; keep the equity and its peak."""
    await lock_books(connection, desk_id)
    marks = {symbol: quote.mark for symbol, quote in quotes.items()}
    portfolio = await value_positions(connection, desk_id, marks, marked_at)
    kept = {"desk_id": desk_id, "marked_at": marked_at, "equity": portfolio.equity, "cash": portfolio.cash}
    await connection.execute(_KEEP_MARK, kept)
    await mark_strategies(connection, portfolio, marked_at)
    return portfolio


async def mark_strategies(connection: AsyncConnection, desk: Portfolio, marked_at: datetime) -> None:
    """Keep what every strategy with an account is worth at the desk's marks, and its peak."""
    accounts = await sleeve_rows.read_accounts(connection, desk.desk_id)
    if accounts:
        parts = await sleeve_rows.read_parts(connection, desk.desk_id)
        worth = equities(accounts, parts, desk.positions)
        await sleeve_rows.keep_marks(connection, desk.desk_id, worth, marked_at)


async def value_positions(
    connection: AsyncConnection, desk_id: str, marks: Mapping[str, Decimal], marked_at: datetime
) -> Portfolio:
    """Value held positions, unless a later quote has already; the books with their peak."""
    asked = {"desk_id": desk_id, "marked_at": marked_at}
    await connection.execute(_QUOTE, {**asked, "symbols": list(marks), "marks": list(marks.values())})
    portfolio = await read_portfolio(connection, desk_id)
    kept = (await connection.execute(_KEEP_PEAK, {**asked, "equity": portfolio.equity})).mappings().one()
    return portfolio.model_copy(update=dict(kept))


async def revalue(connection: AsyncConnection, desk_id: str) -> None:
    """Set the equity to what cash and marks make; its peak is only kept at marks, when all prices are of one moment."""
    portfolio = await read_portfolio(connection, desk_id)
    await connection.execute(_SET_EQUITY, {"desk_id": desk_id, "equity": portfolio.equity})
