"""The alerts in the log, and what is remembered beside it of who was told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import insert as insert_once
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.types import Integer, Text

from adapters.postgres import log
from adapters.postgres.alert_tables import alert_channels, alert_deliveries
from adapters.postgres.engine import transaction
from trading.alerts import alert_acknowledged
from trading.events import Event
from trading.notices import AlertLine, Delivery, Inbox, Raised, Settled
from trading.occasions import READ, UNREAD, Entry, Noticed

DESK = "desk"
"""The channel that is told of what nobody has read: the desk itself."""
REACHES_BACK = timedelta(days=1)
"""How old an alert may be to be told on a channel that was not there when it was raised."""
MOST_LINES = 500
_HEAD = text("SELECT event_count FROM system_state WHERE desk_id = :desk_id")
_NOTICED = text("SELECT noticed FROM alert_readings WHERE desk_id = :desk_id")
_BEFORE = text("SELECT coalesce(max(sequence), 0) FROM events WHERE desk_id = :desk_id AND occurred_at < :moment")
_ENTRIES = text(
    """
    SELECT sequence, type, aggregate_id, occurred_at, data FROM events
    WHERE desk_id = :desk_id AND sequence > :after AND type = ANY(:types) ORDER BY sequence LIMIT :most
    """
).bindparams(bindparam("types", type_=ARRAY(Text)))
_TOLD_TO = text("SELECT told_to FROM alert_channels WHERE desk_id = :desk_id AND channel = :channel")
# Alerts of earlier days had a reason and nothing more.
_RAISED = """(
    SELECT sequence AS number, occurred_at AS raised_at, coalesce(data->>'topic', 'system') AS topic,
        coalesce(data->>'severity', 'critical') AS severity, data->>'reason' AS reason,
        coalesce(data->>'kind', '') AS kind
    FROM events WHERE desk_id = :desk_id AND type = 'AlertRaised'
) r"""
_SEEN = "EXISTS (SELECT FROM events a WHERE a.event_id = :desk_id || '/AlertAcknowledged/' || {number})"
_SETTLED = """EXISTS (SELECT FROM alert_deliveries d
    WHERE d.desk_id = :desk_id AND d.channel = :channel AND d.number = r.number)"""
# What is critical first: it must not stand behind a thousand others.
_WAITING = text(
    f"""SELECT r.* FROM {_RAISED} WHERE number > :told_to AND NOT {_SETTLED}
    ORDER BY severity = 'critical' DESC, number LIMIT :most"""  # noqa: S608  our own words
)
# A reason that a person has seen is news when it comes back, if it is critical.
_TOLD = text(
    f"""
    SELECT cause, max(settled_at) AS settled_at FROM alert_deliveries t
    WHERE desk_id = :desk_id AND channel = :channel AND outcome = 'told' AND settled_at > :since
    AND NOT (severity = 'critical' AND {_SEEN.format(number="t.number")})
    GROUP BY cause
    """  # noqa: S608  our own words
)
_LATELY = text(
    """
    SELECT max(settled_at) FROM alert_deliveries
    WHERE desk_id = :desk_id AND channel = :channel AND outcome = 'told' AND settled_at > :since
    GROUP BY message HAVING bool_and(severity <> 'critical') ORDER BY 1
    """
)
_UNREAD = text(
    f"""SELECT r.* FROM {_RAISED}
    WHERE severity = 'critical' AND raised_at > :since AND raised_at <= :until AND kind <> :unread
    AND NOT {_SEEN.format(number="r.number")} AND NOT {_SETTLED} ORDER BY number LIMIT :most"""  # noqa: S608  our own words
)
_LISTED = text(
    f"""
    SELECT r.*, a.data->>'by' AS acknowledged_by, a.occurred_at AS acknowledged_at, coalesce((
        SELECT jsonb_agg(jsonb_build_object('channel', d.channel, 'outcome', d.outcome, 'at', d.settled_at)
            ORDER BY d.channel COLLATE "C")
        FROM alert_deliveries d WHERE d.desk_id = :desk_id AND d.number = r.number
    ), '[]') AS deliveries
    FROM {_RAISED} LEFT JOIN events a ON a.event_id = :desk_id || '/AlertAcknowledged/' || r.number
    WHERE NOT (:open_only AND a.event_id IS NOT NULL) ORDER BY r.number DESC LIMIT :most
    """  # noqa: S608  our own words
)
_ARE_ALERTS = text(
    f"SELECT number FROM {_RAISED} WHERE number = ANY(:numbers) AND NOT {_SEEN.format(number='r.number')}"  # noqa: S608  our own words
).bindparams(bindparam("numbers", type_=ARRAY(Integer)))
_NOTE = text(
    """
    INSERT INTO alert_readings (desk_id, noticed) VALUES (:desk_id, :noticed)
    ON CONFLICT (desk_id) DO UPDATE SET noticed = excluded.noticed
    """
).bindparams(bindparam("noticed", type_=JSONB))
_ADVANCE = text(
    "UPDATE alert_channels SET told_to = :head WHERE desk_id = :desk_id AND channel = :channel AND told_to < :head"
)


class PostgresAlerts:
    """The port `Alerts`. Every method is one transaction, and raises LedgerUnavailable when to be called again."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def read_on(self, desk_id: str, at: datetime) -> tuple[Noticed, tuple[Entry, ...], int]:
        """What is remembered of the log, its next lines that matter, and to which line it is read with them."""
        asked = {"desk_id": desk_id}
        async with transaction(self._engine) as connection:
            # Read first: every line up to it is there for what is read after it.
            head = (await connection.execute(_HEAD, asked)).scalar_one()
            known = (await connection.execute(_NOTICED, asked)).scalar_one_or_none()
            noticed = (
                Noticed(read_to=await _before(connection, desk_id, at))
                if known is None
                else Noticed.model_validate(known)
            )
            types = [str(kind) for kind in READ]
            found = await connection.execute(
                _ENTRIES, {**asked, "after": noticed.read_to, "types": types, "most": MOST_LINES}
            )
            entries = tuple(Entry.model_validate(dict(row)) for row in found.mappings())
        read_to = entries[-1].sequence if len(entries) == MOST_LINES else max(head, noticed.read_to)
        return noticed, entries, read_to

    async def note(self, desk_id: str, noticed: Noticed, raised: Sequence[Event]) -> None:
        """Raise alerts and remember how far the log was read. One that was raised before stays as it was."""
        async with transaction(self._engine) as connection:
            await log.lock_log(connection, desk_id)
            new = [event for event in raised if not await log.is_written(connection, event.event_id)]
            await log.append(connection, new)
            await connection.execute(_NOTE, {"desk_id": desk_id, "noticed": noticed.model_dump(mode="json")})

    async def inbox(self, desk_id: str, channel: str, since: datetime) -> Inbox:
        """What a channel was not told yet, and what it was told since a moment."""
        asked: dict[str, Any] = {"desk_id": desk_id, "channel": channel}
        async with transaction(self._engine) as connection:
            head = (await connection.execute(_HEAD, asked)).scalar_one()
            told_to = await _told_to(connection, desk_id, channel, since)
            waiting = await connection.execute(_WAITING, {**asked, "told_to": told_to, "most": MOST_LINES})
            alerts = tuple(_raised(row) for row in waiting.mappings())
            if not alerts:
                await connection.execute(_ADVANCE, {**asked, "head": head})
                return Inbox(desk_id=desk_id)
            told = await connection.execute(_TOLD, {**asked, "since": since})
            lately = await connection.execute(_LATELY, {**asked, "since": since})
            return Inbox(
                desk_id=desk_id,
                waiting=alerts,
                told={row.cause: row.settled_at for row in told},
                lately=tuple(lately.scalars()),
            )

    async def settle(self, desk_id: str, channel: str, settled: Settled) -> None:
        """Remember what became of these alerts on a channel; what was remembered before stays."""
        if not settled.alerts:
            return
        rows = [
            {
                "desk_id": desk_id,
                "channel": channel,
                "number": one.number,
                "outcome": settled.outcome,
                "message": settled.alerts[0].number,
                "cause": one.cause,
                "severity": one.severity,
                "settled_at": settled.at,
            }
            for one in settled.alerts
        ]
        async with transaction(self._engine) as connection:
            await connection.execute(insert_once(alert_deliveries).values(rows).on_conflict_do_nothing())

    async def unread(self, desk_id: str, since: datetime, until: datetime) -> tuple[Raised, ...]:
        """The critical alerts between two moments that nobody has seen and the desk was not told of."""
        asked = {"desk_id": desk_id, "channel": DESK, "since": since, "until": until, "unread": UNREAD}
        async with transaction(self._engine) as connection:
            found = await connection.execute(_UNREAD, {**asked, "most": MOST_LINES})
            return tuple(_raised(row) for row in found.mappings())

    async def listed(self, desk_id: str, *, limit: int, open_only: bool = False) -> tuple[AlertLine, ...]:
        """The newest alerts, the oldest of them first."""
        async with transaction(self._engine) as connection:
            found = await connection.execute(_LISTED, {"desk_id": desk_id, "open_only": open_only, "most": limit})
            rows = [dict(row) for row in found.mappings()]
        return tuple(
            AlertLine(
                alert=_raised(row),
                deliveries=tuple(Delivery.model_validate(one) for one in row["deliveries"]),
                acknowledged_by=row["acknowledged_by"],
                acknowledged_at=row["acknowledged_at"],
            )
            for row in reversed(rows)
        )

    async def acknowledge(self, desk_id: str, numbers: Sequence[int], by: str, at: datetime) -> None:
        """A person has seen these alerts; one that somebody has seen before stays his."""
        async with transaction(self._engine) as connection:
            await log.lock_log(connection, desk_id)
            found = await connection.execute(_ARE_ALERTS, {"desk_id": desk_id, "numbers": list(numbers)})
            unseen = sorted(found.scalars())
            await log.append(connection, [alert_acknowledged(desk_id, number, by, at) for number in unseen])


async def _before(connection: AsyncConnection, desk_id: str, at: datetime) -> int:
    """The last line of the log that is too old to matter to whoever comes only now."""
    found = await connection.execute(_BEFORE, {"desk_id": desk_id, "moment": at - REACHES_BACK})
    return int(found.scalar_one())


async def _told_to(connection: AsyncConnection, desk_id: str, channel: str, at: datetime) -> int:
    asked = {"desk_id": desk_id, "channel": channel}
    known = (await connection.execute(_TOLD_TO, asked)).scalar_one_or_none()
    if known is not None:
        return int(known)
    first = await _before(connection, desk_id, at)
    await connection.execute(insert_once(alert_channels).values(**asked, told_to=first).on_conflict_do_nothing())
    return first


def _raised(row: RowMapping | dict[str, Any]) -> Raised:
    return Raised.model_validate({name: row[name] for name in Raised.model_fields})
