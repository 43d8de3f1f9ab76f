"""A desk's log line by line, with the few words of each line that are counted; never a line's whole text."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

KEYS = (
    *("action", "verdict", "side", "limit", "denied", "outcome", "code", "case", "invariant", "topic", "severity"),
    *("agent", "cause", "provider", "as_of", "in_session", "synthetic", "slippage", "price", "quantity", "level"),
    *("client_order_id", "reverses"),
)
"""What is counted of a line, whatever its type."""
_LINES = text(
    f"""
    SELECT sequence, type, aggregate_id, occurred_at,
        jsonb_path_query_array(data, '$.breaches[*].limit') AS breached,
        {", ".join(f"data->>'{key}' AS {key}" for key in KEYS)}
    FROM events WHERE desk_id = :desk_id AND sequence > :after ORDER BY sequence LIMIT :most
    """  # noqa: S608  our own words
)


class LogLine(NamedTuple):
    """One event: its number in the desk's log, its type, whose it is, and what it says as text, by its key."""

    sequence: int
    type: str
    aggregate_id: str
    occurred_at: datetime
    told: dict[str, Any]


async def lines_after(connection: AsyncConnection, desk_id: str, after: int, most: int) -> list[LogLine]:
    """The next lines of a desk's log after one, in their order."""
    found = await connection.execute(_LINES, {"desk_id": desk_id, "after": after, "most": most})
    return [
        LogLine(row["sequence"], row["type"], row["aggregate_id"], row["occurred_at"], dict(row))
        for row in found.mappings()
    ]
