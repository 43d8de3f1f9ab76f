"""Why each position was opened: its entry, and the words of the cycle that decided it."""

from __future__ import annotations

from pydantic import AwareDatetime
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import transaction
from trading.instruments import Side, Symbol
from trading.money import Identifier, Price, Quantity, Record

# Of a trade that is open, its first entry; what a rule decided is told by its signal, and has a rationale as well.
_ENTRIES = text(
    """
    SELECT t.symbol, t.strategy_id, t.side, t.opened_at, trim_scale(t.quantity - t.closed_quantity) AS quantity,
        trim_scale(t.entry_price) AS entry_price, t.entry_order_id, o.cycle_id,
        coalesce(d.data->>'rationale', '') AS because, coalesce(s.data->>'reasoning', '') AS signal
    FROM trades t LEFT JOIN orders o ON o.client_order_id = t.entry_order_id
    LEFT JOIN LATERAL (
        SELECT data FROM events e WHERE e.desk_id = t.desk_id AND e.aggregate_id = o.cycle_id
        AND e.type IN ('MetaAgentDecision', 'RuleDecision', 'OperatorDecision') AND e.data->>'symbol' = t.symbol LIMIT 1
    ) d ON true
    LEFT JOIN LATERAL (
        SELECT data FROM events e WHERE e.desk_id = t.desk_id AND e.aggregate_id = o.cycle_id
        AND e.type = 'SignalGenerated' AND e.data->>'symbol' = t.symbol LIMIT 1
    ) s ON true
    WHERE t.desk_id = :desk_id AND t.closed_at IS NULL ORDER BY t.opened_at, t.trade_id
    """
)


class EntryLine(Record):
    """How a position, or a strategy's part of it, was opened: shares that are left, dollars a share on average.

    `cycle_id` decided it; `because` are the last words of its MetaAgent, rule or person, `signal` those of who proposed
    it. Shares that were taken over, and not bought, have no order and no words.
    """

    symbol: Symbol
    strategy_id: str
    side: Side
    opened_at: AwareDatetime
    quantity: Quantity
    entry_price: Price
    entry_order_id: Identifier | None = None
    cycle_id: Identifier | None = None
    because: str = ""
    signal: str = ""


async def open_entries(engine: AsyncEngine, desk_id: str) -> tuple[EntryLine, ...]:
    """Those of everything that a desk holds, the oldest first. Raises as `transaction` does."""
    async with transaction(engine) as connection:
        rows = (await connection.execute(_ENTRIES, {"desk_id": desk_id})).mappings()
        return tuple(EntryLine.model_validate(dict(row)) for row in rows)
