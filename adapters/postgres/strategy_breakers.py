"""The circuit breakers of a desk's strategies: rows of `strategies`, each what the newest event of it says."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import RowMapping, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres import log
from adapters.postgres.strategy_facts import read_strategy_facts
from trading import judging
from trading.breaker import CircuitBreaker, StateChange, StrategyBreaker
from trading.breaker_events import restraint_told, resumption_told, state_changed, strategies_judged
from trading.breaker_rules import BreakerLook, Refused, Resumption
from trading.events import EventType
from trading.judging import held

_READ = text(
    """
    SELECT strategy_id, coalesce((config->>'enabled')::boolean, true) AS enabled, breaker
    FROM strategies WHERE desk_id = :desk_id ORDER BY strategy_id
    """
)
_KEEP = text(
    "UPDATE strategies SET breaker = :breaker WHERE desk_id = :desk_id AND strategy_id = :strategy_id"
).bindparams(bindparam("breaker", type_=JSONB))


async def read_strategy_breakers(connection: AsyncConnection, desk_id: str) -> tuple[StrategyBreaker, ...]:
    """Those of all strategies of a desk, by name."""
    rows = (await connection.execute(_READ, {"desk_id": desk_id})).mappings()
    return tuple(_of(row) for row in rows)


async def judge_strategies(connection: AsyncConnection, look: BreakerLook, count: int) -> StrategyBreaker | None:
    """Hold the rules against each strategy's part of the books, or that of the one that is named; what it is now.

    The log is locked, and had `count` events when the look began.
    """
    known = await read_strategy_breakers(connection, look.desk_id)
    due = judging.looked_at(known, look.strategy_id)
    after = await _judged(connection, due, look) if due else []
    await log.append(connection, strategies_judged(due, after, look, count))
    return None if look.strategy_id is None else judging.found((*after, *known), look.strategy_id)


async def restrain(connection: AsyncConnection, change: StateChange) -> CircuitBreaker | Refused:
    """Make a strategy's state stricter; once the change's event is written it has been made."""
    await log.lock_log(connection, change.desk_id)
    before = await _one(connection, change.desk_id, change.strategy_id)
    if isinstance(before, Refused):
        return before
    after = held(before, change.model_copy(update={"flatten": False}))
    event = state_changed(after, change)
    if await log.is_written(connection, event.event_id):
        return before
    await _keep(connection, change.desk_id, [StrategyBreaker(strategy_id=str(change.strategy_id), breaker=after)])
    await log.append(connection, [event, restraint_told(after, change)])
    return after


async def resume_strategy(connection: AsyncConnection, asked: Resumption) -> CircuitBreaker | Refused:
    """Let a strategy go on, or say why not."""
    await log.lock_log(connection, asked.desk_id)
    before = await _one(connection, asked.desk_id, asked.strategy_id)
    if isinstance(before, Refused):
        return before
    if await log.is_written(connection, f"{asked.desk_id}/{EventType.STRATEGY_STATE_CHANGED}/{asked.change_id}"):
        return before
    own = StrategyBreaker(strategy_id=str(asked.strategy_id), breaker=before)
    facts = await read_strategy_facts(connection, [own], asked)
    after = judging.resume(before, facts[own.strategy_id], asked)
    if isinstance(after, CircuitBreaker):
        await _keep(connection, asked.desk_id, [own.model_copy(update={"breaker": after})])
        await log.append(connection, [state_changed(after, asked), resumption_told(after, asked)])
    return after


async def _judged(
    connection: AsyncConnection, due: Sequence[StrategyBreaker], look: BreakerLook
) -> list[StrategyBreaker]:
    facts = await read_strategy_facts(connection, due, look)
    after = [
        one.model_copy(update={"breaker": judging.judge(look.rules, facts[one.strategy_id], one.breaker, look.at)})
        for one in due
    ]
    await _keep(connection, look.desk_id, after)
    return after


async def _one(connection: AsyncConnection, desk_id: str, strategy_id: str | None) -> CircuitBreaker | Refused:
    known = {one.strategy_id: one.breaker for one in await read_strategy_breakers(connection, desk_id)}
    return known.get(str(strategy_id)) or Refused(because=f"the desk has no strategy {strategy_id}")


async def _keep(connection: AsyncConnection, desk_id: str, breakers: Sequence[StrategyBreaker]) -> None:
    rows = [{"desk_id": desk_id, **one.model_dump(mode="json", include={"strategy_id", "breaker"})} for one in breakers]
    await connection.execute(_KEEP, rows)


def _of(row: RowMapping) -> StrategyBreaker:
    return StrategyBreaker.model_validate(dict(row))
