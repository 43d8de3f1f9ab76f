"""The closes of the sessions: read from the books at one instant, kept once with their equity marks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import TIMESTAMP, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.types import Numeric

from adapters.postgres import log
from adapters.postgres.adjustments import adjustments_of_desk
from adapters.postgres.capital_rows import capital_of_desk
from adapters.postgres.close_lines import keep_lines, read_lines
from adapters.postgres.closing_tables import daily_closes
from adapters.postgres.engine import consistent, transaction
from adapters.postgres.fill_rows import fills_of_desk
from adapters.postgres.order_rows import orders_of_desk
from adapters.postgres.portfolio import lock_books, value_positions
from adapters.postgres.sleeve_rows import read_allocations
from trading.adjustments import price_through
from trading.closing import DailyClose, Kept, Known, Tallies
from trading.closing_books import History, Past
from trading.events import Event

_KNOWN = text(
    """
    SELECT least(
        s.opened_at,
        (SELECT min(marked_at) FROM equity_marks m WHERE m.desk_id = s.desk_id),
        (SELECT min(filled_at) FROM fills f WHERE f.desk_id = s.desk_id)
    ) AS begun_at, c.session_on, c.until_at
    FROM system_state s LEFT JOIN LATERAL (
        SELECT session_on, until_at FROM daily_closes c WHERE c.desk_id = s.desk_id ORDER BY session_on DESC LIMIT 1
    ) c ON true WHERE s.desk_id = :desk_id
    """
)
_COUNTED = text(
    """
    SELECT e.*, c.* FROM (
        SELECT count(*) FILTER (WHERE type = 'OrderIntended') AS orders,
            count(*) FILTER (WHERE type = 'OrderDenied') AS denied,
            count(*) FILTER (WHERE type = 'OrderRejected') AS rejected
        FROM events WHERE desk_id = :desk_id AND occurred_at <= :until
        AND type IN ('OrderIntended', 'OrderDenied', 'OrderRejected')
    ) e, (
        SELECT count(*) AS model_calls, coalesce(sum(cost_usd), 0) AS model_usd,
            count(*) FILTER (WHERE cost_usd IS NULL) AS unpriced
        FROM model_calls WHERE desk_id = :desk_id AND replied_at <= :until
    ) c
    """
).bindparams(bindparam("until", type_=TIMESTAMP(timezone=True)))
# The close says what the desk was worth at the bell, whatever a cycle marked at that very moment.
_KEEP_MARK = text(
    """
    INSERT INTO equity_marks (desk_id, marked_at, equity, cash, flow_count)
    VALUES (:desk_id, :closes_at, :equity, :cash, :flow_count)
    ON CONFLICT (desk_id, marked_at)
    DO UPDATE SET equity = excluded.equity, cash = excluded.cash, flow_count = excluded.flow_count
    """
).bindparams(
    bindparam("equity", type_=Numeric),
    bindparam("cash", type_=Numeric),
    bindparam("closes_at", type_=TIMESTAMP(timezone=True)),
)
# Equities are compared only where the same money was paid in: an older one says nothing of today's peak.
_KEEP_PEAK = text(
    """
    UPDATE portfolio_state SET peak_equity = greatest(peak_equity, :equity)
    WHERE desk_id = :desk_id AND flow_count = :flow_count
    """
).bindparams(bindparam("equity", type_=Numeric))


class PostgresCloses:
    """The port `Closes`. Every method raises LedgerUnavailable when it should be called again."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def known(self, desk_id: str) -> Known | None:
        """Since when the desk has books, and its newest close."""
        async with transaction(self._engine) as connection:
            row = (await connection.execute(_KNOWN, {"desk_id": desk_id})).one_or_none()
        return None if row is None else Known(*row)

    async def find(self, desk_id: str, session_on: date) -> DailyClose | None:
        """The close of one session."""
        async with transaction(self._engine) as connection:
            return await _find(connection, desk_id, session_on)

    async def history(self, desk_id: str, until: datetime) -> History:
        """What a close is made of."""
        async with transaction(consistent(self._engine)) as connection:
            counted = await connection.execute(_COUNTED, {"desk_id": desk_id, "until": until})
            orders = await orders_of_desk(connection, desk_id)
            return History(
                desk_id=desk_id,
                capital=await capital_of_desk(connection, desk_id),
                orders={one.request.client_order_id: one.request for one in orders},
                fills=await fills_of_desk(connection, desk_id),
                adjustments=await adjustments_of_desk(connection, desk_id),
                allocations=await read_allocations(connection, desk_id),
                counted=Tallies.model_validate(dict(counted.mappings().one())),
            )

    async def past(self, desk_id: str) -> Past:
        """The closes so far."""
        rows = select(*(daily_closes.c[name] for name in Kept._fields)).where(daily_closes.c.desk_id == desk_id)
        priced = select(daily_closes.c.body).where(
            (daily_closes.c.desk_id == desk_id) & daily_closes.c.equity.is_not(None)
        )
        async with transaction(consistent(self._engine)) as connection:
            kept = [Kept(*row) for row in await connection.execute(rows.order_by(daily_closes.c.session_on))]
            newest = priced.order_by(daily_closes.c.session_on.desc()).limit(1)
            base = (await connection.execute(newest)).scalar_one_or_none()
            lines = await read_lines(connection, desk_id)
        return Past(kept, None if base is None else DailyClose.model_validate(base), lines)

    async def keep(self, close: DailyClose, told: Sequence[Event]) -> DailyClose:
        """Keep a close once, with its mark and what is told of it, in one transaction."""
        async with transaction(self._engine) as connection:
            await lock_books(connection, close.desk_id)
            entered = insert(daily_closes).values(_row(close)).on_conflict_do_nothing()
            if (await connection.execute(entered.returning(daily_closes.c.session_on))).one_or_none() is None:
                return await _find(connection, close.desk_id, close.session_on) or close
            await _mark(connection, close)
            await log.append(connection, told)
        return close


async def _find(connection: AsyncConnection, desk_id: str, session_on: date) -> DailyClose | None:
    ours = (daily_closes.c.desk_id == desk_id) & (daily_closes.c.session_on == session_on)
    body = (await connection.execute(select(daily_closes.c.body).where(ours))).scalar_one_or_none()
    return None if body is None else DailyClose.model_validate(body)


async def _mark(connection: AsyncConnection, close: DailyClose) -> None:
    """Keep the equity mark and the peak; value what is held, by the newest session."""
    if not close.made_up:
        await value_positions(connection, close.desk_id, await _prices_today(connection, close), close.closes_at)
    if close.equity is not None:
        kept = close.model_dump(include={"desk_id", "closes_at", "equity", "cash", "flow_count"})
        await connection.execute(_KEEP_MARK, kept)
        await connection.execute(_KEEP_PEAK, kept)
        await keep_lines(connection, close)


async def _prices_today(connection: AsyncConnection, close: DailyClose) -> dict[str, Decimal]:
    """The prices of the close in the shares of today, should one have been split since."""
    adjusted = await adjustments_of_desk(connection, close.desk_id)
    priced = ((line.symbol, line.price) for line in close.symbols if line.price is not None and line.quantity)
    return {symbol: price_through(price, symbol, adjusted, close.closes_at) for symbol, price in priced}


def _row(close: DailyClose) -> dict[str, object]:
    columns = {"desk_id", "session_on", "closes_at", "until_at", "equity", "paid_in", "flow_count"}
    compared = close.benchmark.day_return if close.equity is not None else None
    row = {**close.model_dump(include=columns), "benchmark_return": compared}
    return {**row, "body": close.model_dump(mode="json")}
