"""What the circuit breaker looks at, read from the books."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from trading.breaker import CircuitBreaker
from trading.breaker_facts import OF_DESK, TOLD, Closing, EquityMark, Known, Told, facts_of, reaches_back
from trading.breaker_rules import BreakerFacts, BreakerLook
from trading.events import EventType

_STATED = text(
    """
    SELECT s.event_count, p.equity, p.peak_equity, p.marked_at
    FROM portfolio_state p JOIN system_state s USING (desk_id) WHERE desk_id = :desk_id
    """
)
# A day's last mark is the close of its session; while that is not closed, the newest there is.
_MARKS = text(
    """
    SELECT marked_at, equity, flow_count FROM (
        (SELECT marked_at, equity, flow_count FROM equity_marks WHERE desk_id = :desk_id AND marked_at <= :since
        ORDER BY marked_at DESC LIMIT 1)
        UNION ALL
        (SELECT DISTINCT ON ((marked_at AT TIME ZONE :zone)::date) marked_at, m.equity, m.flow_count
        FROM equity_marks m LEFT JOIN daily_closes c ON c.desk_id = m.desk_id AND c.closes_at = m.marked_at
        WHERE m.desk_id = :desk_id AND marked_at > :since
        ORDER BY (marked_at AT TIME ZONE :zone)::date, (c.desk_id IS NOT NULL) DESC, marked_at DESC)
    ) AS of_days ORDER BY marked_at
    """
)
# In the order in which they were booked: `flow_count` counts them so. The first is the opening deposit.
_FLOWS = text(
    """
    SELECT amount FROM capital_events WHERE desk_id = :desk_id AND kind IN ('deposit', 'withdrawal')
    ORDER BY recorded_at, capital_event_id
    """
)
# A shadow trade counts for a desk that would have made it: none of a strategy that only thinks or that alone is halted.
_TOLD = text(
    """
    SELECT sequence, type, occurred_at, coalesce(data->>'code', data->>'leg', '') AS code,
        CASE WHEN type = 'ShadowTradeClosed' THEN (data->>'pnl')::numeric ELSE 0 END AS pnl,
        coalesce(data->>'strategy_id', '') AS strategy_id
    FROM events e WHERE desk_id = :desk_id AND type = ANY(:types) AND NOT (type = 'ShadowTradeClosed' AND EXISTS (
        SELECT FROM events o WHERE o.event_id = (e.data->>'shadow_id') || '/ShadowTradeOpened'
        AND o.data->>'for_desk' = 'false'
    )) ORDER BY sequence DESC LIMIT :most
    """
).bindparams(bindparam("types", type_=ARRAY(Text)))
# A trade is closed where its last fill was booked. One order may close several: they come by their names.
_CLOSINGS = text(
    """
    SELECT e.sequence, t.realised_pnl AS pnl FROM trades t CROSS JOIN LATERAL (
        SELECT max(e.sequence) AS sequence FROM fills f JOIN events e ON e.event_id = f.fill_id || '/TradeExecuted'
        WHERE f.client_order_id = t.exit_order_id
    ) AS e
    WHERE t.desk_id = :desk_id AND t.closed_at IS NOT NULL AND e.sequence IS NOT NULL
    ORDER BY e.sequence DESC, t.trade_id DESC LIMIT :most
    """
)


async def read_facts(connection: AsyncConnection, breaker: CircuitBreaker, look: BreakerLook) -> BreakerFacts:
    """The facts of a look at a desk's books."""
    desk = {"desk_id": look.desk_id}
    stated = (await connection.execute(_STATED, desk)).mappings().one()
    since = reaches_back(stated["marked_at"], look)
    marks = await connection.execute(_MARKS, {**desk, "zone": look.zone, "since": since})
    told = await connection.execute(_TOLD, {**desk, "types": [str(kind) for kind in TOLD], "most": OF_DESK.told})
    closings = await connection.execute(_CLOSINGS, {**desk, "most": OF_DESK.closings})
    flows = list((await connection.execute(_FLOWS, desk)).scalars())
    known = Known(
        **stated,
        opening_cash=flows[0] if flows else Decimal(0),
        flows=flows[1:],
        marks=[EquityMark.model_validate(dict(row)) for row in marks.mappings()],
        told=[Told(**{**row, "type": EventType(row["type"])}) for row in told.mappings()],
        closings=[Closing(**row) for row in closings.mappings()],
    )
    return facts_of(known, breaker, look)
