"""What the books know of a strategy since it came to its rung.

By the moment at which things were written, not that of the market: a market of the past is traded on today. What a
person had it trade is no evidence for it.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import RowMapping, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.shadow_tables import shadow_trades
from trading.evidence import Ended, Open, RungHistory
from trading.money import cents
from trading.shadow import ShadowTrade
from trading.strategy import Strategy

_CAME = text(
    """
    SELECT coalesce((
        SELECT max(recorded_at) FROM events WHERE desk_id = :desk_id AND aggregate_id = :desk_id
        AND type = 'StrategyChanged' AND data->'strategy'->>'strategy_id' = :name
        AND (data ? 'came_from' OR data ? 'is_new')
    ), s.opened_at) AS since, p.equity
    FROM system_state s JOIN portfolio_state p USING (desk_id) WHERE s.desk_id = :desk_id
    """
)
_CYCLES = text(
    """
    WITH ours AS (
        SELECT aggregate_id, occurred_at FROM events WHERE desk_id = :desk_id AND type = 'CycleStarted'
        AND data->>'strategy_id' = :name AND recorded_at >= :since AND NOT data ? 'trade'
    ), said AS (
        SELECT e.type, e.data, ours.occurred_at FROM ours JOIN events e
        ON e.desk_id = :desk_id AND e.aggregate_id = ours.aggregate_id
    )
    SELECT (SELECT count(*) FROM ours) AS cycles,
        count(*) FILTER (WHERE type = 'CycleFailed') AS failed,
        count(*) FILTER (WHERE type = 'AuditFinding') AS findings,
        ARRAY(SELECT DISTINCT (occurred_at AT TIME ZONE 'UTC')::date FROM said WHERE type = 'SnapshotTaken') AS days,
        (SELECT coalesce(sum(cost_usd), 0) FROM model_calls m
            WHERE m.cycle_id IN (SELECT aggregate_id FROM ours)) AS model_usd
    FROM said
    """
)
_ORDERS = text(
    """
    SELECT count(*) FILTER (WHERE state = 'rejected') AS rejected, count(*) FILTER (WHERE state = 'denied') AS denied
    FROM orders WHERE desk_id = :desk_id AND strategy_id = :name AND recorded_at >= :since
    """
)
_TRADES = text(
    """
    SELECT t.closed_at, t.realised_pnl, t.side, t.quantity - t.closed_quantity AS left_over, t.entry_price, p.mark
    FROM trades t JOIN orders o ON o.client_order_id = t.entry_order_id
    LEFT JOIN positions p ON p.desk_id = t.desk_id AND p.symbol = t.symbol
    WHERE t.desk_id = :desk_id AND t.strategy_id = :name AND o.recorded_at >= :since AND NOT EXISTS (
        SELECT FROM events e WHERE e.desk_id = t.desk_id AND e.aggregate_id = o.cycle_id
        AND e.type = 'CycleStarted' AND e.data ? 'trade'
    )
    """
)


async def read_history(connection: AsyncConnection, desk_id: str, strategy: Strategy) -> RungHistory | None:
    """What a desk's books know of a strategy since it came to the rung on which they have it; None of no such desk."""
    asked: dict[str, object] = {"desk_id": desk_id, "name": strategy.strategy_id}
    came = (await connection.execute(_CAME, asked)).one_or_none()
    if came is None:
        return None
    asked["since"] = since = came.since
    trades = (await connection.execute(_TRADES, asked)).mappings().all()
    thought = await _thought(connection, desk_id, strategy.strategy_id, since)
    cycles = dict((await connection.execute(_CYCLES, asked)).mappings().one())
    return RungHistory(
        desk_id=desk_id,
        since_at=since,
        capital=cents(came.equity * strategy.allocation),
        days=frozenset(cycles.pop("days")),
        ended=(
            *(Ended(row["closed_at"], row["realised_pnl"]) for row in trades if row["closed_at"]),
            *(Ended(one.closed_at, one.gain, shadow=True) for one in thought if one.closed_at),
        ),
        open=(
            *(Open(_gain(row)) for row in trades if not row["closed_at"]),
            *(Open(one.gain, shadow=True) for one in thought if one.is_open),
        ),
        **cycles,
        **dict((await connection.execute(_ORDERS, asked)).mappings().one()),
    )


async def _thought(connection: AsyncConnection, desk_id: str, name: str, since: datetime) -> list[ShadowTrade]:
    columns = shadow_trades.c
    ours = (columns.desk_id == desk_id) & (columns.strategy_id == name) & (columns.recorded_at >= since)
    rows = (await connection.execute(select(shadow_trades).where(ours))).mappings()
    return [ShadowTrade.model_validate({key: row[key] for key in ShadowTrade.model_fields}) for row in rows]


def _gain(row: RowMapping) -> Decimal:
    """Dollars that an open trade has made so far, at the newest mark."""
    risen = (row["mark"] or row["entry_price"]) - row["entry_price"]
    made: Decimal = row["realised_pnl"] + cents(risen * row["left_over"] * (1 if row["side"] == "buy" else -1))
    return made
