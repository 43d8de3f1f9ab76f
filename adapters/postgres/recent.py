"""What a desk has intended lately, counted from its orders while their books are locked.

Times are the database's alone: `recorded_at` is read from its clock under the lock, so that no order can slip behind a
window that another has already counted, and no worker's clock moves one.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from trading.orders import OrderRequest, stem_of
from trading.standing import Recent

_COUNT = text(
    """
    WITH now AS (SELECT clock_timestamp() AS at, date_trunc('day', clock_timestamp(), 'UTC') AS day)
    SELECT count(*) FILTER (WHERE recorded_at > at - interval '1 minute') AS last_minute,
        count(*) FILTER (WHERE recorded_at >= day) AS today,
        coalesce(sum(round(quantity * greatest(
            (request->>'mark')::numeric, (request->>'limit_price')::numeric, (request->>'stop_price')::numeric
        ), 2)) FILTER (WHERE recorded_at >= day), 0) AS usd_today
    FROM orders, now WHERE desk_id = :desk_id AND recorded_at >= least(day, at - interval '1 minute')
    AND state <> 'denied' AND leg NOT IN ('stop', 'target')
    """
)
# Two strategies that want the same are no doubles of each other: the limits hold over their sum.
# An order that ended without a fill is no double of anything, nor is one of the chain that this order goes on with.
_SAME = text(
    """
    SELECT client_order_id FROM orders WHERE desk_id = :desk_id AND strategy_id = :strategy_id
    AND symbol = :symbol AND side = :side AND quantity = CAST(:quantity AS numeric) AND leg NOT IN ('stop', 'target')
    AND recorded_at > clock_timestamp() - make_interval(mins => :minutes)
    AND (filled_quantity > 0 OR state IN ('intended', 'submitted', 'unknown', 'accepted', 'partially_filled'))
    AND (CAST(:stem AS text) IS NULL OR regexp_replace(client_order_id, '\\.[0-9]+$', '') <> :stem)
    ORDER BY recorded_at DESC LIMIT 1
    """
)


async def count_recent(connection: AsyncConnection, request: OrderRequest, duplicate_minutes: int) -> Recent:
    """Count the desk's orders of the last minute and of today, and look for the order's double."""
    counted = (await connection.execute(_COUNT, {"desk_id": request.desk_id})).mappings().one()
    return Recent(**counted, same=await _same(connection, request, duplicate_minutes))


async def _same(connection: AsyncConnection, request: OrderRequest, minutes: int) -> str | None:
    terms = {**request.model_dump(include={"desk_id", "strategy_id", "symbol", "side", "quantity"}), "minutes": minutes}
    stem = None if request.replaces is None else stem_of(request.replaces)
    return (await connection.execute(_SAME, {**terms, "stem": stem})).scalar()
