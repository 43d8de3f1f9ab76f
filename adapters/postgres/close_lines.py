"""The strategies' lines of the closes: read as series, and kept as marks and as each one's newest performance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Numeric

from trading.closing import DailyClose, KeptLine

_LINES = text(
    """
    SELECT line->>'strategy_id' AS name, session_on, closes_at, (line->>'equity')::numeric AS equity,
        (line->>'paid_in')::numeric AS paid_in, (line->>'held')::numeric AS held
    FROM daily_closes, jsonb_array_elements(body->'strategies') AS line
    WHERE desk_id = :desk_id AND equity IS NOT NULL AND line->>'equity' IS NOT NULL ORDER BY session_on
    """
)
# The close says what a strategy was worth at the bell, whatever a cycle marked at that very moment.
_KEEP_MARK = text(
    """
    INSERT INTO strategy_marks (desk_id, strategy_id, marked_at, equity, cash, flow_count)
    VALUES (:desk_id, :strategy_id, :closes_at, :equity, :cash, :transfers)
    ON CONFLICT (desk_id, strategy_id, marked_at)
    DO UPDATE SET equity = excluded.equity, cash = excluded.cash, flow_count = excluded.flow_count
    """
).bindparams(
    bindparam("equity", type_=Numeric),
    bindparam("cash", type_=Numeric),
    bindparam("closes_at", type_=TIMESTAMP(timezone=True)),
)
# As of the desk: an equity before the newest transfer says nothing of today's peak.
_KEEP_PEAK = text(
    """
    UPDATE strategy_accounts SET peak_equity = greatest(peak_equity, :equity)
    WHERE desk_id = :desk_id AND strategy_id = :strategy_id AND flow_count = :transfers
    """
).bindparams(bindparam("equity", type_=Numeric))
_KEEP_LINE = text(
    """
    UPDATE strategies SET performance = :performance WHERE desk_id = :desk_id AND strategy_id = :strategy_id
    AND coalesce(performance->>'session_on', '') <= :session_on
    """
).bindparams(bindparam("performance", type_=JSONB))


async def read_lines(connection: AsyncConnection, desk_id: str) -> Mapping[str, Sequence[KeptLine]]:
    """The closes of each strategy in which the desk's were priced, the oldest first."""
    found: dict[str, list[KeptLine]] = defaultdict(list)
    for name, *kept in await connection.execute(_LINES, {"desk_id": desk_id}):
        found[name].append(KeptLine(*kept))
    return found


async def keep_lines(connection: AsyncConnection, close: DailyClose) -> None:
    """Keep each strategy's mark and peak at the bell, and its line as its newest performance."""
    for line in close.strategies:
        ours = {"desk_id": close.desk_id, "strategy_id": line.strategy_id}
        on = close.session_on.isoformat()
        told = {"session_on": on, **line.model_dump(mode="json")}
        await connection.execute(_KEEP_LINE, {**ours, "session_on": on, "performance": told})
        if line.equity is not None:
            known = {**ours, "closes_at": close.closes_at, **line.model_dump(include={"equity", "cash", "transfers"})}
            await connection.execute(_KEEP_MARK, known)
            await connection.execute(_KEEP_PEAK, known)
