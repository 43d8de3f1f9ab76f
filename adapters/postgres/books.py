"""Everything the audit looks at, read at one instant."""

from __future__ import annotations

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.adjustments import adjustments_of_desk
from adapters.postgres.capital_rows import capital_of_desk
from adapters.postgres.desks import read_breaker
from adapters.postgres.fill_rows import fills_of_desk
from adapters.postgres.log import all_events
from adapters.postgres.order_rows import orders_of_desk
from adapters.postgres.portfolio import read_portfolio
from adapters.postgres.shadow import all_trades
from adapters.postgres.sleeve_rows import read_accounts, read_allocations, read_parts
from adapters.postgres.strategies import read_strategies
from adapters.postgres.strategy_breakers import read_strategy_breakers
from adapters.postgres.tables import trades
from trading.audit import Books
from trading.trades import Trade

_STATED = text(
    """
    SELECT p.equity, s.event_count, s.event_head,
        (SELECT coalesce(max(m.equity), 0) FROM equity_marks m WHERE m.desk_id = :desk_id
            AND m.flow_count = p.flow_count) AS most_equity
    FROM portfolio_state p JOIN system_state s USING (desk_id) WHERE desk_id = :desk_id
    """
)


async def read_books(connection: AsyncConnection, desk_id: str) -> Books:
    """A desk's books, positions that are closed included. The connection must read all of it at one instant."""
    portfolio = await read_portfolio(connection, desk_id, flat=True)
    stated = (await connection.execute(_STATED, {"desk_id": desk_id})).mappings().one()
    events, unreadable = await all_events(connection, desk_id)
    return Books(
        desk_id=desk_id,
        portfolio=portfolio,
        capital=await capital_of_desk(connection, desk_id),
        orders=await orders_of_desk(connection, desk_id),
        fills=await fills_of_desk(connection, desk_id),
        adjustments=await adjustments_of_desk(connection, desk_id),
        trades=await _trades(connection, desk_id),
        strategies=await read_strategies(connection, desk_id),
        sub_positions=await read_parts(connection, desk_id),
        accounts=tuple((await read_accounts(connection, desk_id)).values()),
        allocations=await read_allocations(connection, desk_id),
        shadows=await all_trades(connection, desk_id),
        events=events,
        unreadable=unreadable,
        breaker=await read_breaker(connection, desk_id),
        strategy_breakers=await read_strategy_breakers(connection, desk_id),
        **stated,
    )


async def _trades(connection: AsyncConnection, desk_id: str) -> tuple[Trade, ...]:
    query = select(trades).where(trades.c.desk_id == desk_id).order_by(trades.c.opened_at, trades.c.trade_id)
    rows = (await connection.execute(query)).mappings()
    return tuple(Trade.model_validate({name: row[name] for name in Trade.model_fields}) for row in rows)
