"""What a person asks of the books: orders, trades, events and cycles. Every function only reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from pydantic import AwareDatetime, JsonValue
from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.types import Text

from adapters.postgres.engine import transaction
from trading.events import EventType
from trading.instruments import Side, Symbol
from trading.money import Dollars, Identifier, Price, Quantity, Record
from trading.orders import Leg, OrderKind, OrderState
from trading.strategy import AGENTS
from trading.trades import Trade

Line = TypeVar("Line", bound=Record)
NO_WORDS: Mapping[str, str] = MappingProxyType({})


class OrderLine(Record):
    """An order in one line: shares asked and filled, dollars a share on average, dollars of commission."""

    client_order_id: Identifier
    cycle_id: Identifier
    symbol: Symbol
    side: Side
    leg: Leg
    kind: OrderKind
    quantity: Quantity
    filled_quantity: Quantity
    average_price: Price | None
    commission: Dollars
    limit_price: Price | None
    stop_price: Price | None
    state: OrderState
    reason: str | None
    recorded_at: AwareDatetime


class EventLine(Record):
    """A line of the audit log, with its number in the desk's whole log."""

    sequence: int
    occurred_at: AwareDatetime
    type: EventType
    aggregate_id: Identifier
    trace_id: Identifier
    data: dict[str, JsonValue]
    content_hash: str
    hash: str


class CycleSummary(Record):
    """A cycle in one line; no end while it runs. One that was never started (a missed scan, say) has only an end.

    `sequence` is the number in the log of what was last said of it as a whole; 0 where nobody asked. `proposed_by` is
    who proposed the trade that it is for, where a person did.
    """

    cycle_id: Identifier
    strategy_id: str = AGENTS
    trigger: str = ""
    proposed_by: str = ""
    symbols: tuple[str, ...] = ()
    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    outcome: str = ""
    reason: str = ""
    sequence: int = 0


class Place(NamedTuple):
    """Where a page of lines ended: the last line's moment and name."""

    at: datetime
    name: str


class Identity(Record):
    """Who the application is in the database, whether it could change the log, and what time it is there."""

    role: str
    may_change_events: bool
    server_version: str
    now_at: AwareDatetime


_BEFORE_AT = bindparam("before_at", type_=TIMESTAMP(timezone=True))
# A fill that was taken back does not count, nor does the one that took it back: the rule of `effective`.
_ORDERS = text(
    """
    SELECT client_order_id, cycle_id, symbol, side, leg, kind, state, reason, recorded_at,
        trim_scale(quantity) AS quantity, trim_scale(filled_quantity) AS filled_quantity,
        (request->>'limit_price')::numeric AS limit_price, (request->>'stop_price')::numeric AS stop_price,
        trim_scale(filled.average_price) AS average_price, filled.commission
    FROM orders LEFT JOIN LATERAL (
        SELECT round(sum(quantity * price) / sum(quantity), 6) AS average_price,
            coalesce(sum(commission), 0) AS commission
        FROM fills f WHERE f.client_order_id = orders.client_order_id AND reverses IS NULL
        AND NOT EXISTS (SELECT FROM fills r WHERE r.reverses = f.fill_id)
    ) filled ON true
    WHERE desk_id = :desk_id
    AND (NOT :open_only OR state IN ('intended', 'submitted', 'unknown', 'accepted', 'partially_filled'))
    AND (CAST(:cycle_id AS text) IS NULL OR cycle_id = :cycle_id)
    AND (CAST(:before_at AS timestamptz) IS NULL OR (recorded_at, client_order_id) < (:before_at, :before_id))
    ORDER BY recorded_at DESC, client_order_id DESC LIMIT :limit
    """
).bindparams(_BEFORE_AT)
_TRADES = text(
    """
    SELECT trade_id, strategy_id, symbol, side, opened_at, closed_at, entry_order_id, exit_order_id, realised_pnl,
        trim_scale(quantity) AS quantity, trim_scale(closed_quantity) AS closed_quantity,
        trim_scale(entry_price) AS entry_price, trim_scale(exit_price) AS exit_price
    FROM trades WHERE desk_id = :desk_id
    AND (CAST(:before_at AS timestamptz) IS NULL OR (opened_at, trade_id) < (:before_at, :before_id))
    ORDER BY opened_at DESC, trade_id DESC LIMIT :limit
    """
).bindparams(_BEFORE_AT)
# Told apart by their text and not by "or is null": that would read the whole log for the few lines of a cycle.
_OF_CYCLE = "AND aggregate_id = :cycle_id"
_CYCLES = """
    SELECT aggregate_id AS cycle_id,
        max(occurred_at) FILTER (WHERE type = 'CycleStarted') AS started_at,
        max(occurred_at) FILTER (WHERE type <> 'CycleStarted') AS ended_at,
        coalesce(max(data->>'trigger') FILTER (WHERE type = 'CycleStarted'), '') AS trigger,
        coalesce(max(data->'trade'->>'by') FILTER (WHERE type = 'CycleStarted'), '') AS proposed_by,
        coalesce(max(data->>'outcome'), '') AS outcome, coalesce(max(data->>'reason'), '') AS reason,
        coalesce((array_agg(data->'symbols') FILTER (WHERE type = 'CycleStarted'))[1], '[]'::jsonb) AS symbols,
        coalesce(max(data->>'strategy_id'), 'agents') AS strategy_id, max(sequence) AS sequence
    FROM events WHERE desk_id = :desk_id
    AND type IN ('CycleStarted', 'CycleCompleted', 'CycleSkipped', 'CycleFailed') {of_cycle}
    GROUP BY aggregate_id
    HAVING (CAST(:strategy_id AS text) IS NULL OR coalesce(max(data->>'strategy_id'), 'agents') = :strategy_id)
    AND (CAST(:before AS integer) IS NULL OR max(sequence) < :before)
    ORDER BY max(sequence) DESC LIMIT :limit"""
_ALL_CYCLES, _ONE_CYCLE = (text(_CYCLES.format(of_cycle=of)) for of in ("", _OF_CYCLE))
_EVENTS = """
    SELECT sequence, occurred_at, type, aggregate_id, trace_id, data, content_hash, hash FROM events
    WHERE desk_id = :desk_id {of_cycle} AND sequence > :after
    AND sequence < coalesce(CAST(:before AS integer), 2147483647)
    AND (CAST(:types AS text[]) IS NULL OR type = ANY(CAST(:types AS text[]))) AND data @> :like
    ORDER BY sequence {order} LIMIT :limit"""
_ASKED = (bindparam("types", type_=ARRAY(Text)), bindparam("like", type_=JSONB))
_FIRST_EVENTS, _FIRST_OF_CYCLE, _LAST_EVENTS, _LAST_OF_CYCLE = (
    text(_EVENTS.format(of_cycle=of, order=order)).bindparams(*_ASKED)
    for order in ("ASC", "DESC")
    for of in ("", _OF_CYCLE)
)
_EVENT = text(
    """
    SELECT sequence, occurred_at, type, aggregate_id, trace_id, data, content_hash, hash FROM events
    WHERE desk_id = :desk_id AND event_id = :event_id
    """
)
_HEAD = text("SELECT event_count FROM system_state WHERE desk_id = :desk_id")
_IS_OPEN = text("SELECT desk_id FROM system_state WHERE desk_id = :desk_id")
_IDENTITY = text(
    """
    SELECT current_user AS role, clock_timestamp() AS now_at, current_setting('server_version') AS server_version,
        has_table_privilege('events', 'UPDATE, DELETE, TRUNCATE') AS may_change_events
    """
)


class Reports:
    """Questions about one desk's books. Each raises as `transaction` does."""

    def __init__(self, engine: AsyncEngine, desk_id: str) -> None:
        self._engine = engine
        self._desk_id = desk_id

    async def orders(
        self, *, limit: int, open_only: bool = False, cycle_id: str | None = None, before: Place | None = None
    ) -> list[OrderLine]:
        """The newest orders, or those before one, the oldest of them first; denied and protective ones among them."""
        rows = await self._rows(_ORDERS, limit=limit, open_only=open_only, cycle_id=cycle_id, **_at(before))
        return _oldest_first(OrderLine, rows)

    async def trades(self, *, limit: int, before: Place | None = None) -> list[Trade]:
        """The newest round trips, or those before one, the oldest of them first."""
        return _oldest_first(Trade, await self._rows(_TRADES, limit=limit, **_at(before)))

    async def events(
        self,
        *,
        limit: int,
        cycle_id: str | None = None,
        types: Sequence[EventType] = (),
        before: int | None = None,
        like: Mapping[str, str] = NO_WORDS,
    ) -> list[EventLine]:
        """The newest lines of the log, or those before one, in their order; only those that say what is `like`."""
        asked = {"cycle_id": cycle_id, "types": list(types) or None, "before": before, "like": dict(like)}
        query = _LAST_EVENTS if cycle_id is None else _LAST_OF_CYCLE
        return _oldest_first(EventLine, await self._rows(query, limit=limit, after=0, **asked))

    async def events_after(
        self, sequence: int, *, limit: int, cycle_id: str | None = None, types: Sequence[EventType] = ()
    ) -> list[EventLine]:
        """The lines of the log that follow this one, in their order."""
        asked: dict[str, Any] = {"cycle_id": cycle_id, "types": list(types) or None, "before": None, "like": {}}
        query = _FIRST_EVENTS if cycle_id is None else _FIRST_OF_CYCLE
        rows = await self._rows(query, limit=limit, after=sequence, **asked)
        return [EventLine.model_validate(row) for row in rows]

    async def event(self, event_id: str) -> EventLine | None:
        """The line of the log that has this name."""
        rows = await self._rows(_EVENT, event_id=event_id)
        return EventLine.model_validate(rows[0]) if rows else None

    async def head(self) -> int:
        """The number of the newest line of the log; 0 of a desk without books."""
        found = await self._rows(_HEAD)
        return int(found[0]["event_count"]) if found else 0

    async def cycles(
        self, *, limit: int, strategy_id: str | None = None, before: int | None = None
    ) -> list[CycleSummary]:
        """The newest cycles, or those before a number of the log, of all strategies or of one, the oldest first."""
        asked = {"strategy_id": strategy_id, "before": before}
        return _oldest_first(CycleSummary, await self._rows(_ALL_CYCLES, limit=limit, **asked))

    async def cycle(self, cycle_id: str) -> CycleSummary | None:
        """One cycle."""
        rows = await self._rows(_ONE_CYCLE, limit=1, strategy_id=None, before=None, cycle_id=cycle_id)
        return CycleSummary.model_validate(rows[0]) if rows else None

    async def is_open(self) -> bool:
        """Whether this desk has books at all."""
        return bool(await self._rows(_IS_OPEN))

    async def identity(self) -> Identity:
        """Who we are to the database."""
        (row,) = await self._rows(_IDENTITY)
        return Identity.model_validate(row)

    async def _rows(self, query: TextClause, **asked: object) -> list[dict[str, Any]]:
        async with transaction(self._engine) as connection:
            found = await connection.execute(query, {"desk_id": self._desk_id, **asked})
            return [dict(row) for row in found.mappings()]


def _at(before: Place | None) -> dict[str, object]:
    return {"before_at": None if before is None else before.at, "before_id": None if before is None else before.name}


def _oldest_first(kind: type[Line], newest_first: list[dict[str, Any]]) -> list[Line]:
    return [kind.model_validate(row) for row in reversed(newest_first)]
