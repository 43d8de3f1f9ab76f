"""The audit log's rows: each event once, numbered without holes, sealed to the one before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError
from sqlalchemy import RowMapping, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Integer, Text

from trading.errors import BooksDisagree
from trading.events import Event, StoredEvent, content_hash, seal
from trading.money import Record

_LOCK = text("SELECT event_count, event_head FROM system_state WHERE desk_id = :desk_id FOR UPDATE")
_WRITTEN = text(
    "SELECT event_id, desk_id, aggregate_id, content_hash FROM events WHERE event_id = ANY(:event_ids)"
).bindparams(bindparam("event_ids", type_=ARRAY(Text)))
_POSITIONS = text(
    """SELECT aggregate_id, max(position) AS position FROM events
    WHERE desk_id = :desk_id AND aggregate_id = ANY(:aggregate_ids) GROUP BY aggregate_id"""
).bindparams(bindparam("aggregate_ids", type_=ARRAY(Text)))
_COLUMNS: dict[str, Any] = {
    "event_id": Text,
    "aggregate_id": Text,
    "type": Text,
    "trace_id": Text,
    "occurred_at": TIMESTAMP(timezone=True),
    "data": JSONB,
    "position": Integer,
    "sequence": Integer,
    "content_hash": Text,
    "previous_hash": Text,
    "hash": Text,
}
_INSERT = text(
    f"""INSERT INTO events (desk_id, {", ".join(_COLUMNS)})
    SELECT :desk_id, rows.* FROM unnest({", ".join(f":{name}" for name in _COLUMNS)}) AS rows"""  # noqa: S608  our own words
).bindparams(*(bindparam(name, type_=ARRAY(kind)) for name, kind in _COLUMNS.items()))
_IS_WRITTEN = text("SELECT 1 FROM events WHERE event_id = :event_id")
_ADVANCE = text("UPDATE system_state SET event_count = :count, event_head = :head WHERE desk_id = :desk_id")
_ALL = text("SELECT * FROM events WHERE desk_id = :desk_id ORDER BY sequence")
_PART = text(
    """SELECT * FROM events WHERE desk_id = :desk_id AND sequence > :after AND sequence <= :until
    ORDER BY sequence LIMIT :limit"""
)
_END = text("SELECT event_count, event_head FROM system_state WHERE desk_id = :desk_id")


class Head(Record):
    """The end of a desk's log: how many events it has, and the seal of the last."""

    count: int
    hash: str


class Part(NamedTuple):
    """Some of a desk's log: its events, the ids of rows that are none, and the number of the last row, if any."""

    events: tuple[StoredEvent, ...]
    unreadable: tuple[str, ...]
    last: int | None


async def lock_log(connection: AsyncConnection, desk_id: str) -> Head:
    """Hold a desk's log until the transaction ends. Of the two locks of a desk this is always the second."""
    row = (await connection.execute(_LOCK, {"desk_id": desk_id})).one_or_none()
    if row is None:
        raise BooksDisagree(f"the books know no desk {desk_id}")
    return Head(count=row.event_count, hash=row.event_head)


async def written(connection: AsyncConnection, events: Sequence[Event]) -> frozenset[str]:
    """The ids of those events that are in the log already. Raises BooksDisagree when one says something else there."""
    found = await connection.execute(_WRITTEN, {"event_ids": [event.event_id for event in events]})
    said = {row.event_id: (row.desk_id, row.aggregate_id, row.content_hash) for row in found}
    for event in events:
        if event.event_id in said and said[event.event_id] != _content(event):
            raise BooksDisagree(f"event {event.event_id} was written before with other content")
    return frozenset(said)


async def is_written(connection: AsyncConnection, event_id: str) -> bool:
    """Whether an event of that id is in the log, whatever it says."""
    return (await connection.execute(_IS_WRITTEN, {"event_id": event_id})).one_or_none() is not None


async def append(connection: AsyncConnection, events: Sequence[Event]) -> None:
    """Write those events of one desk that are not there yet, in their order, in one insert."""
    if not events:
        return
    desk_id = events[0].desk_id
    if any(event.desk_id != desk_id for event in events):
        raise BooksDisagree("events of several desks were to be written as one")
    head = await lock_log(connection, desk_id)
    known = await written(connection, events)
    new = [event for event in _once(events) if event.event_id not in known]
    if new:
        await _insert(connection, desk_id, await _sealed(connection, head, new))


async def end_of_log(connection: AsyncConnection, desk_id: str) -> Head:
    """The end of a desk's log, as it was counted while it was written. Raises BooksDisagree for a desk without one."""
    row = (await connection.execute(_END, {"desk_id": desk_id})).one_or_none()
    if row is None:
        raise BooksDisagree(f"the books know no desk {desk_id}")
    return Head(count=row.event_count, hash=row.event_head)


async def all_events(connection: AsyncConnection, desk_id: str) -> tuple[tuple[StoredEvent, ...], tuple[str, ...]]:
    """A desk's whole log in its order, and the ids of the rows that are no events: somebody wrote past the rules."""
    return _read((await connection.execute(_ALL, {"desk_id": desk_id})).mappings())


async def part_of_log(connection: AsyncConnection, desk_id: str, after: int, until: int, limit: int) -> Part:
    """Rows of a desk's log after a number, in their order."""
    asked = {"desk_id": desk_id, "after": after, "until": until, "limit": limit}
    rows = (await connection.execute(_PART, asked)).mappings().all()
    events, unreadable = _read(rows)
    return Part(events, unreadable, rows[-1]["sequence"] if rows else None)


def _read(rows: Iterable[RowMapping]) -> tuple[tuple[StoredEvent, ...], tuple[str, ...]]:
    events: list[StoredEvent] = []
    unreadable: list[str] = []
    for row in rows:
        try:
            events.append(_stored(row))
        except ValidationError:
            unreadable.append(row["event_id"])
    return tuple(events), tuple(unreadable)


def _once(events: Sequence[Event]) -> list[Event]:
    kept: dict[str, Event] = {}
    for event in events:
        if _content(kept.setdefault(event.event_id, event)) != _content(event):
            raise BooksDisagree(f"event {event.event_id} was given twice, with two contents")
    return list(kept.values())


def _content(event: Event) -> tuple[str, str, str]:
    return event.desk_id, event.aggregate_id, content_hash(event)


async def _sealed(connection: AsyncConnection, head: Head, events: Sequence[Event]) -> list[StoredEvent]:
    aggregates = sorted({event.aggregate_id for event in events})
    asked = {"desk_id": events[0].desk_id, "aggregate_ids": aggregates}
    positions = {row.aggregate_id: row.position for row in await connection.execute(_POSITIONS, asked)}
    sealed: list[StoredEvent] = []
    previous = head.hash
    for sequence, event in enumerate(events, start=head.count + 1):
        position = positions[event.aggregate_id] = positions.get(event.aggregate_id, 0) + 1
        sealed.append(seal(event, position=position, sequence=sequence, previous_hash=previous))
        previous = sealed[-1].hash
    return sealed


async def _insert(connection: AsyncConnection, desk_id: str, sealed: Sequence[StoredEvent]) -> None:
    rows = [{**stored.model_dump(exclude={"event"}), **stored.event.model_dump()} for stored in sealed]
    columns = {name: [row[name] for row in rows] for name in _COLUMNS}
    await connection.execute(_INSERT, {"desk_id": desk_id, **columns})
    last = sealed[-1]
    await connection.execute(_ADVANCE, {"desk_id": desk_id, "count": last.sequence, "head": last.hash})


def _stored(row: RowMapping) -> StoredEvent:
    event = Event.model_validate({name: row[name] for name in Event.model_fields})
    seals = {name: row[name] for name in StoredEvent.model_fields if name != "event"}
    return StoredEvent(event=event, **seals)
