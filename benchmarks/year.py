"""A year's log: the words of a cycle that has run, said again for every scan of a year, and a mark each half hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import Database
from adapters.postgres.ledger import PostgresLedger
from adapters.postgres.log import part_of_log
from benchmarks.crowd import connected
from trading.events import Event, EventType

# What moves money is said once: books tie to it.
_SAID_AGAIN = frozenset(
    {
        EventType.CYCLE_STARTED,
        EventType.SNAPSHOT_TAKEN,
        EventType.SIGNAL_GENERATED,
        EventType.CONSTRAINT_APPLIED,
        EventType.RISK_ASSESSED,
        EventType.VALIDATION_COMPLETE,
        EventType.META_AGENT_DECISION,
        EventType.CYCLE_COMPLETED,
    }
)
_BETWEEN = timedelta(hours=12)
_MARK_EVERY, _SESSIONS, _MARKS_A_DAY = timedelta(minutes=30), 252, 14
_MOST_AT_ONCE = 2000


async def write_year(engine: AsyncEngine, database: Database, desk_id: str, lines: int) -> int:
    """Lengthen a desk's log by so many lines at least, through the ledger, and its curve; how long the log is then."""
    told = [event for event in await _cycle(engine, desk_id) if event.type in _SAID_AGAIN]
    ledger, scans = PostgresLedger(engine), -(-lines // len(told))
    batch: list[Event] = []
    for scan in range(scans):
        batch += [_again(event, scan, (scan - scans) * _BETWEEN) for event in told]
        if len(batch) > _MOST_AT_ONCE or scan == scans - 1:
            await ledger.record(batch)
            batch = []
    await _mark(database, desk_id)
    return scans * len(told)


async def _cycle(engine: AsyncEngine, desk_id: str) -> Sequence[Event]:
    async with engine.connect() as connection:
        part = await part_of_log(connection, desk_id, after=0, until=10_000, limit=10_000)
    return [stored.event for stored in part.events]


def _again(event: Event, scan: int, moved: timedelta) -> Event:
    """The same words of another scan."""
    cycle = f"{event.desk_id}-scan-{scan}"
    return Event(
        event_id=f"{cycle}/{event.event_id.rpartition('/')[2]}-{event.type}-{event.data.get('symbol', '')}",
        desk_id=event.desk_id,
        aggregate_id=cycle,
        type=event.type,
        trace_id=cycle,
        occurred_at=event.occurred_at + moved,
        data=event.data,
    )


async def _mark(database: Database, desk_id: str) -> None:
    """Marks of a year, written behind the ledger's back: it values only what is held, as it is now."""
    first = datetime(2015, 1, 2, 15, tzinfo=UTC)
    moments = [
        first + timedelta(days=day) + mark * _MARK_EVERY for day in range(_SESSIONS) for mark in range(_MARKS_A_DAY)
    ]
    rows = [(desk_id, at, 100_000 + at.minute + 7 * at.day, 50_000, 1) for at in moments]
    connection = await connected(database)
    columns = ("desk_id", "marked_at", "equity", "cash", "flow_count")
    try:
        await connection.copy_records_to_table("equity_marks", records=rows, columns=columns)
        await connection.execute("ANALYZE")  # as autovacuum does within minutes; a year takes a year elsewhere
    finally:
        await connection.close()
