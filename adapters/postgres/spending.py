"""What a desk's model calls took, summed by the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.tables import model_calls
from trading.agents.budget import Spending, Tally

_COLUMN = model_calls.c
_TOKENS = func.coalesce(_COLUMN.input_tokens, 0) + func.coalesce(_COLUMN.output_tokens, 0)


async def spending(connection: AsyncConnection, desk_id: str, cycle_id: str, since: datetime) -> Spending:
    """The sums of one cycle, and of all the desk's calls since a moment."""
    of_cycle, of_day = _COLUMN.cycle_id == cycle_id, _COLUMN.replied_at >= since
    query = select(*_sums("cycle", of_cycle), *_sums("day", of_day)).where(
        and_(_COLUMN.desk_id == desk_id, or_(of_cycle, of_day))
    )
    row = (await connection.execute(query)).mappings().one()
    return Spending(cycle=_tally(row, "cycle"), day=_tally(row, "day"))


def _sums(period: str, within: ColumnElement[bool]) -> list[ColumnElement[Any]]:
    return [
        func.count().filter(within).label(f"{period}_calls"),
        func.coalesce(func.sum(_TOKENS).filter(within), 0).label(f"{period}_tokens"),
        func.coalesce(func.sum(_COLUMN.cost_usd).filter(within), 0).label(f"{period}_usd"),
        func.count().filter(and_(within, _COLUMN.cost_usd.is_(None))).label(f"{period}_unpriced"),
    ]


def _tally(row: RowMapping, period: str) -> Tally:
    return Tally.model_validate({name: row[f"{period}_{name}"] for name in Tally.model_fields})
