"""What a person asks of strategies: what each has and may do, its last cycles, who changed it. It only reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.engine import transaction
from adapters.postgres.portfolio import read_portfolio
from adapters.postgres.reports import CycleSummary
from adapters.postgres.sleeve_rows import read_accounts, read_parts
from adapters.postgres.tables import strategies
from trading.breaker import CircuitBreaker
from trading.funding import Account, own_portfolio
from trading.money import Record
from trading.portfolio import Portfolio

_CYCLES = text(
    """
    SELECT began.aggregate_id AS cycle_id, began.data->>'trigger' AS trigger, began.data->'symbols' AS symbols,
        coalesce(began.data->'trade'->>'by', '') AS proposed_by,
        began.occurred_at AS started_at, ended.occurred_at AS ended_at,
        coalesce(ended.data->>'outcome', '') AS outcome, coalesce(ended.data->>'reason', '') AS reason
    FROM events began LEFT JOIN events ended ON ended.desk_id = :desk_id AND ended.aggregate_id = began.aggregate_id
        AND ended.type IN ('CycleCompleted', 'CycleSkipped', 'CycleFailed')
    WHERE began.desk_id = :desk_id AND began.type = 'CycleStarted' AND began.data->>'strategy_id' = :name
    ORDER BY began.sequence DESC LIMIT :limit
    """
)
_CHANGES = text(
    """
    SELECT occurred_at AS at, data, lag(data) OVER (ORDER BY sequence) AS before
    FROM events WHERE desk_id = :desk_id AND aggregate_id = :desk_id AND type = 'StrategyChanged'
    AND data->'strategy'->>'strategy_id' = :name ORDER BY sequence DESC LIMIT :limit
    """
)


class ChangeLine(Record):
    """A change of a strategy in one line."""

    at: AwareDatetime
    by: str
    reason: str
    what: str


class Share(Record):
    """A strategy's own circuit breaker, and its part of the books."""

    breaker: CircuitBreaker
    part: Portfolio


async def shares_of(connection: AsyncConnection, desk_id: str) -> tuple[Portfolio, dict[str, Share]]:
    """The desk's books, and what each strategy has of them, by name. To be read at one instant (`consistent`)."""
    desk = await read_portfolio(connection, desk_id)
    accounts = await read_accounts(connection, desk_id)
    parts = await read_parts(connection, desk_id)
    query = select(strategies.c.strategy_id, strategies.c.breaker).where(strategies.c.desk_id == desk_id)
    rows = (await connection.execute(query)).all()
    return desk, {
        name: Share(
            breaker=CircuitBreaker.model_validate(breaker),
            part=own_portfolio(desk, accounts.get(name) or Account(strategy_id=name), parts),
        )
        for name, breaker in rows
    }


class StrategyReports:
    """Questions about one strategy of a desk. Each raises as `transaction` does."""

    def __init__(self, engine: AsyncEngine, desk_id: str, name: str) -> None:
        self._engine = engine
        self._asked = {"desk_id": desk_id, "name": name}

    async def cycles(self, *, limit: int) -> list[CycleSummary]:
        """Its newest cycles, the oldest of them first."""
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(_CYCLES, {**self._asked, "limit": limit})).mappings().all()
        return [CycleSummary.model_validate(dict(row)) for row in reversed(rows)]

    async def changes(self, *, limit: int) -> list[ChangeLine]:
        """Its newest changes, the oldest of them first."""
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(_CHANGES, {**self._asked, "limit": limit})).mappings().all()
        return [_line(row["at"], row["data"], row["before"]) for row in reversed(rows)]


def _line(at: datetime, now: Mapping[str, Any], before: Mapping[str, Any] | None) -> ChangeLine:
    was = before["strategy"] if before else {}
    changed = [name for name, value in now["strategy"].items() if was.get(name) != value]
    what = f"changed {', '.join(changed)}" if was else "changed"
    if "came_from" in now:
        what = f"{now['came_from']} to {now['strategy']['rung']}" + (", by force" if "forced" in now else "")
    what = "added" if "is_new" in now else "removed" if now.get("removed") else what
    return ChangeLine(at=at, by=now["by"], reason=now["reason"], what=what.replace("_", " "))
