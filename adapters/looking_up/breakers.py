"""`breaker_history`: what stopped the desk or a strategy, who let it go on, and how its rules stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.looking_up.events import during, more
from adapters.looking_up.reading import Reader, Whose, of_desk, view
from adapters.looking_up.telling import Told, Untold, cell, moment, table
from adapters.postgres.desks import read_breaker
from trading.breaker import CircuitBreaker, nearest
from trading.breaker_gauges import NAMES, shown
from trading.errors import BooksDisagree
from trading.inquiry_arguments import BreakerHistory
from trading.inquiry_views import View

_CHANGES = view(View.BREAKER_CHANGES)
_STRATEGIES = view(View.STRATEGIES, "breaker")
_COLUMNS = ("occurred_at", "type", "strategy_id", "state", "changed_by", "reason", "event_id")


async def breaker_history(reader: Reader, whose: Whose, asked: BreakerHistory) -> Told:
    """The changes, newest first, and then how each breaker stands now."""
    query = during(of_desk(_CHANGES, whose, "occurred_at"), asked, _CHANGES.c.occurred_at)
    strategies = of_desk(_STRATEGIES, whose, None).order_by(_STRATEGIES.c.strategy_id)
    if asked.strategy_id is not None:
        query = query.where(_CHANGES.c.strategy_id == asked.strategy_id)
        strategies = strategies.where(_STRATEGIES.c.strategy_id == asked.strategy_id)
    rows = await reader.rows(query.order_by(_CHANGES.c.sequence.desc()).limit(asked.most + 1))
    told = rows[: asked.most]
    now = {f"strategy {row['strategy_id']}": _read(row) for row in await reader.rows(strategies)}
    if asked.strategy_id is None:
        now = {"the desk": await _of_desk(reader, whose), **now}
    changes = table(_COLUMNS, told) if told else ["nothing changed a trading state in that time"]
    lines = [*(line for name, breaker in now.items() for line in _stands(name, breaker)), *changes]
    return Told(lines, [row["event_id"] for row in told], len(told), more(rows, asked.most))


async def _of_desk(reader: Reader, whose: Whose) -> CircuitBreaker:
    async with reader.connection() as connection:
        try:
            return await read_breaker(connection, whose.desk_id)
        except BooksDisagree as unknown:
            raise Untold(str(unknown)) from unknown


def _read(row: Mapping[Any, Any]) -> CircuitBreaker:
    return CircuitBreaker.model_validate(row["breaker"] or {})


def _stands(name: str, breaker: CircuitBreaker) -> Iterator[str]:
    since = f" since {moment(breaker.since_at)}" if breaker.since_at else ""
    why = f" by {cell(breaker.changed_by)}: {cell(breaker.reason)}" if breaker.changed_by else ""
    yield f"now {name} is {breaker.state}{since}{why}"
    for gauge in breaker.gauges:
        if gauge.tripped_at is not None:
            yield f"  {NAMES[gauge.rule]} tripped at {moment(gauge.tripped_at)}: {cell(gauge.evidence)}"
    near = nearest(breaker)
    if near is not None and near.value is not None:
        limit = shown(near.rule, near.threshold)
        yield f"  nearest to its trip: {NAMES[near.rule]}, at {shown(near.rule, near.value)} of {limit}"
