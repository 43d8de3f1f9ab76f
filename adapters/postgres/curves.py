"""What the desk's equity curve is made of, read at one instant."""

from __future__ import annotations

from decimal import Decimal
from itertools import accumulate
from typing import Any, NamedTuple

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.engine import consistent, transaction
from trading.equity_curve import Compared, Marked
from trading.money import ZERO

_MARKS = text(
    """
    SELECT marked_at, equity, cash, flow_count FROM equity_marks WHERE desk_id = :desk_id
    ORDER BY marked_at DESC LIMIT :limit
    """
)
# Of a day by UTC its last: every session of an exchange that we know of is of one.
_DAYS = text(
    """
    SELECT DISTINCT ON ((marked_at AT TIME ZONE 'UTC')::date) marked_at, equity, cash, flow_count
    FROM equity_marks WHERE desk_id = :desk_id
    ORDER BY (marked_at AT TIME ZONE 'UTC')::date DESC, marked_at DESC LIMIT :limit
    """
)
_FIRST = bindparam("first", type_=TIMESTAMP(timezone=True))
# Equities are compared only where the same money was paid in.
_PEAK = text(
    """
    SELECT coalesce(max(equity), 0) FROM equity_marks
    WHERE desk_id = :desk_id AND marked_at < :first AND flow_count = :flow_count
    """
).bindparams(_FIRST)
# In the order in which they were booked, as `flow_count` counts them; the first is the opening deposit.
_FLOWS = text(
    """
    SELECT amount FROM capital_events WHERE desk_id = :desk_id AND kind IN ('deposit', 'withdrawal')
    ORDER BY recorded_at, capital_event_id
    """
)
# A return is that since the priced close before: one in between, without a price, would count twice.
_CLOSES = text(
    """
    SELECT closes_at, benchmark_return FROM daily_closes
    WHERE desk_id = :desk_id AND equity IS NOT NULL AND closes_at >= coalesce((
        SELECT max(closes_at) FROM daily_closes WHERE desk_id = :desk_id AND equity IS NOT NULL AND closes_at <= :first
    ), '-infinity') ORDER BY closes_at
    """
).bindparams(_FIRST)
_NEWEST = text(
    """SELECT body->'benchmark'->>'reason' FROM daily_closes WHERE desk_id = :desk_id
    ORDER BY session_on DESC LIMIT 1"""
)


class Course(NamedTuple):
    """Marks and closes, the oldest first; the peak in dollars before them; why the newest close has no benchmark."""

    marks: tuple[Marked, ...]
    closes: tuple[Compared, ...]
    peak: Decimal
    why: str | None


async def read_course(engine: AsyncEngine, desk_id: str, limit: int, *, by_day: bool) -> Course:
    """The newest marks of a desk, or the last of its newest days; `why` is None while there is no close."""
    async with transaction(consistent(engine)) as connection:
        asked: dict[str, Any] = {"desk_id": desk_id}
        rows = (await connection.execute(_DAYS if by_day else _MARKS, {**asked, "limit": limit})).all()[::-1]
        if not rows:
            return Course((), (), ZERO, None)
        paid = [*accumulate((await connection.execute(_FLOWS, asked)).scalars())] or [ZERO]
        first = {**asked, "first": rows[0].marked_at}
        peak = (await connection.execute(_PEAK, {**first, "flow_count": rows[0].flow_count})).scalar_one()
        if not rows[0].flow_count:  # what the desk was opened with is no mark, and its first fall is from there
            peak = max(peak, paid[0])
        closes = await connection.execute(_CLOSES, first)
        return Course(
            marks=tuple(Marked(at, equity, cash, paid[min(count, len(paid) - 1)]) for at, equity, cash, count in rows),
            closes=tuple(Compared(*row) for row in closes),
            peak=peak,
            why=await _why(connection, asked),
        )


async def _why(connection: AsyncConnection, asked: dict[str, Any]) -> str | None:
    found = (await connection.execute(_NEWEST, asked)).one_or_none()
    return None if found is None else str(found[0] or "")
