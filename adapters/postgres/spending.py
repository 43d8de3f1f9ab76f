"""The ledger of spend: one lock a desk, so that parallel cycles in several processes never take the same dollar."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.types import Text

from adapters.postgres import log
from adapters.postgres.engine import transaction
from adapters.postgres.spend_tables import model_spend
from trading.agents.budget import Choice, Period, Spent, Strain, Tally, strain
from trading.spending import (
    LOST_AFTER,
    Attempt,
    Settlement,
    SpendAsked,
    SpendKey,
    SpendLine,
    SpendState,
    degradation_told,
    degraded,
)

_ROW = model_spend.c
_COUNTS = _ROW.state != SpendState.RELEASED
_IS_SURE = _ROW.state != SpendState.RESERVED
_SURE = "sure_"
# Of several locks this is always the first: nobody who holds a desk's log asks for it.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('model_spend/' || :desk_id, 0))")
_LOSE = text(
    """
    UPDATE model_spend SET state = 'lost' WHERE desk_id = :desk_id AND state = 'reserved'
    AND (at < :before OR (cycle_id = :cycle_id AND call_id = ANY(:call_ids) AND attempt < :attempt))
    """
).bindparams(bindparam("call_ids", type_=ARRAY(Text)))


async def reserve(connection: AsyncConnection, asked: SpendAsked) -> Choice:
    """Choose among the offers by what is spent, and reserve; a new level is written to the log, with its alert."""
    await connection.execute(_LOCK, {"desk_id": asked.desk_id})
    await _lose(connection, asked)
    spent, sure = await spent_by(connection, asked)
    again = await _reserved_before(connection, asked)
    if again is not None:
        return Choice(chosen=again, strain=strain(spent, asked.budget))
    choice = asked.choose(spent, sure)
    if choice.waits:
        return choice
    if choice.chosen is not None:
        await _write(connection, asked, choice.chosen)
    if asked.is_told(choice.strain):
        await _tell(connection, asked, choice.strain)
    return choice


async def settle(connection: AsyncConnection, settled: Settlement) -> None:
    """Put what a call took in the place of what was reserved for it, also when it was thought lost."""
    took = settled.took
    paid = {"settled_usd": took.usd, "settled_tokens": took.tokens, "is_priced": not took.unpriced}
    await _end(connection, settled.attempt, state=SpendState.SETTLED, **paid)


async def drop(connection: AsyncConnection, attempt: Attempt, *, charged: bool) -> None:
    """An attempt ended without an answer: free, or lost where its provider may have charged for it."""
    await _end(connection, attempt, state=SpendState.LOST if charged else SpendState.RELEASED)


async def spent_by(connection: AsyncConnection, asked: SpendAsked) -> tuple[Spent, Spent]:
    """What counts against each budget at this moment, and what of it is sure: without the most of what is under way."""
    midnight = asked.at.replace(hour=0, minute=0, second=0, microsecond=0)
    month = midnight.replace(day=1)
    ours = _ROW.cycle_id == asked.cycle_id
    within: Mapping[Period, ColumnElement[bool]] = {
        Period.CYCLE: ours,
        Period.DAY: _ROW.at >= midnight,
        Period.MONTH: _ROW.at >= month,
        Period.STRATEGY: (_ROW.at >= midnight) & (_ROW.strategy_id == asked.strategy_id),
    }
    sums = [one for period, where in within.items() for one in _sums(period, where)]
    query = select(*sums).where(_ROW.desk_id == asked.desk_id, _COUNTS, ours | (_ROW.at >= month))
    row = (await connection.execute(query)).mappings().one()
    spent, sure = ({period: _tally(row, period, prefix) for period in Period} for prefix in ("", _SURE))
    return Spent(**spent), Spent(**sure)


class PostgresSpending:
    """What the ledger of spend says to a person."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def spent(self, desk_id: str, since: datetime) -> Tally:
        """What a desk's calls took since a moment, those under way with the most that they may take."""
        query = select(*_sums("since", _ROW.at >= since)).where(_ROW.desk_id == desk_id, _COUNTS, _ROW.at >= since)
        async with transaction(self._engine) as connection:
            return _tally((await connection.execute(query)).mappings().one(), "since")

    async def lines(self, desk_id: str, since: datetime, key: SpendKey) -> tuple[SpendLine, ...]:
        """What a desk has spent since a moment, by one key; the dearest first, days in their order."""
        by = _KEYS[key]
        usd = func.sum(_ROW.counted_usd)
        columns: list[ColumnElement[Any]] = [
            by.label("key"),
            func.count().label("calls"),
            func.sum(_ROW.counted_tokens).label("tokens"),
            usd.label("usd"),
            *(_part(state, _ROW.state == state) for state in _SHOWN),
            func.count().filter(~_ROW.is_priced).label("unpriced"),
            _sum(_ROW.counted_usd, ~_ROW.is_priced).label("unpriced_usd"),
        ]
        order = [by] if key is SpendKey.DAY else [usd.desc(), by]
        query = select(*columns).where(_ROW.desk_id == desk_id, _COUNTS, _ROW.at >= since)
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(query.group_by(by).order_by(*order))).mappings().all()
        return tuple(SpendLine.model_validate(dict(row)) for row in rows)


_KEYS: Mapping[SpendKey, ColumnElement[str]] = {
    SpendKey.AGENT: _ROW.agent,
    SpendKey.MODEL: _ROW.model,
    SpendKey.STRATEGY: _ROW.strategy_id,
    SpendKey.DAY: func.to_char(func.timezone("UTC", _ROW.at), "YYYY-MM-DD"),
}
_SHOWN = (SpendState.SETTLED, SpendState.RESERVED, SpendState.LOST)


def _part(state: SpendState, where: ColumnElement[bool]) -> ColumnElement[Any]:
    return _sum(_ROW.counted_usd, where).label(f"{state}_usd")


def _sums(period: str, within: ColumnElement[bool]) -> list[ColumnElement[Any]]:
    return [
        func.count().filter(within).label(f"{period}_calls"),
        _sum(_ROW.counted_tokens, within).label(f"{period}_tokens"),
        _sum(_ROW.counted_usd, within).label(f"{period}_usd"),
        func.count().filter(within & ~_ROW.is_priced).label(f"{period}_unpriced"),
        _sum(_ROW.counted_tokens, within & _IS_SURE).label(f"{_SURE}{period}_tokens"),
        _sum(_ROW.counted_usd, within & _IS_SURE).label(f"{_SURE}{period}_usd"),
    ]


def _sum(column: ColumnElement[Any], within: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(column).filter(within), 0)


def _tally(row: RowMapping, period: str, prefix: str = "") -> Tally:
    """The sums of one period. A call is one, sure or not: only what it takes is unknown."""
    names = {name: f"{prefix if name in {'tokens', 'usd'} else ''}{period}_{name}" for name in Tally.model_fields}
    return Tally.model_validate({name: row[label] for name, label in names.items()})


async def _lose(connection: AsyncConnection, asked: SpendAsked) -> None:
    """Attempts of the dead: a later one is here, or nobody can be waiting any more. They go on to count in full."""
    known = {"desk_id": asked.desk_id, "cycle_id": asked.cycle_id, "attempt": asked.attempt}
    call_ids = [offer.call_id for offer in asked.offers]
    await connection.execute(_LOSE, {**known, "call_ids": call_ids, "before": asked.at - LOST_AFTER})


async def _reserved_before(connection: AsyncConnection, asked: SpendAsked) -> int | None:
    """The place of the offer that this very attempt has reserved already: its answer was lost on the way."""
    call_ids = [offer.call_id for offer in asked.offers]
    query = select(_ROW.call_id).where(
        _ROW.cycle_id == asked.cycle_id,
        _ROW.attempt == asked.attempt,
        _ROW.state == SpendState.RESERVED,
        _ROW.call_id.in_(call_ids),
    )
    found = (await connection.execute(query)).scalars().first()
    return None if found is None else call_ids.index(found)


async def _write(connection: AsyncConnection, asked: SpendAsked, place: int) -> None:
    offer = asked.offers[place]
    fresh = {
        "state": SpendState.RESERVED,
        "reserved_usd": offer.most.usd,
        "reserved_tokens": offer.most.tokens,
        "is_priced": not offer.most.unpriced,
        "at": asked.at,
    }
    row = insert(model_spend).values(
        cycle_id=asked.cycle_id,
        call_id=offer.call_id,
        attempt=asked.attempt,
        desk_id=asked.desk_id,
        strategy_id=asked.strategy_id,
        agent=asked.agent,
        model=offer.model,
        **fresh,
    )
    # One that cost nothing may be tried again under its number, as after the reset of a workflow.
    again = row.on_conflict_do_update(
        index_elements=["cycle_id", "call_id", "attempt"],
        set_=fresh,
        where=_ROW.state == SpendState.RELEASED,
    )
    await connection.execute(again)


async def _tell(connection: AsyncConnection, asked: SpendAsked, now: Strain) -> None:
    """Write a level once in its period. What is written is looked for first: most calls find it, and hold no log."""
    events = [degraded(asked, now), degradation_told(asked, now)]
    new = [event for event in events if not await log.is_written(connection, event.event_id)]
    if new:
        await log.lock_log(connection, asked.desk_id)
        await log.append(connection, new)


async def _end(connection: AsyncConnection, attempt: Attempt, **changes: Any) -> None:
    ours = (_ROW.cycle_id == attempt.cycle_id) & (_ROW.call_id == attempt.call_id) & (_ROW.attempt == attempt.number)
    is_open = _ROW.state.in_([SpendState.RESERVED, SpendState.LOST])
    await connection.execute(update(model_spend).where(ours, is_open).values(**changes))
