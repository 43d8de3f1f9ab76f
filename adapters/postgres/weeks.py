"""The reports of the weeks: what the books hold of one, and each kept once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import TextClause, bindparam, select, text
from sqlalchemy.dialects.postgresql import TIMESTAMP, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres import log
from adapters.postgres.closing_tables import daily_closes, weekly_reports
from adapters.postgres.engine import consistent, transaction
from adapters.postgres.tables import trades
from trading.closing import DailyClose
from trading.events import Event
from trading.trades import Trade
from trading.weeks import MOST_CHANGES, ChangeLine, WeekFacts, WeeklyReport

_SPAN = (bindparam("since", type_=TIMESTAMP(timezone=True)), bindparam("until", type_=TIMESTAMP(timezone=True)))
_WITHIN = "desk_id = :desk_id AND occurred_at > :since AND occurred_at <= :until"
_CYCLES = text(
    f"""SELECT coalesce(data->>'outcome', type), count(*) FROM events
    WHERE {_WITHIN} AND type IN ('CycleCompleted', 'CycleSkipped', 'CycleFailed') GROUP BY 1"""  # noqa: S608  our own words
).bindparams(*_SPAN)
_DIFFERENCES = text(
    f"SELECT data->>'case', count(*) FROM events WHERE {_WITHIN} AND type = 'DifferenceFound' GROUP BY 1"  # noqa: S608
).bindparams(*_SPAN)
_ALERTS = text(
    f"""SELECT coalesce(data->>'topic', 'system'), count(*) FROM events
    WHERE {_WITHIN} AND type = 'AlertRaised' GROUP BY 1"""  # noqa: S608
).bindparams(*_SPAN)
_CHANGES = text(
    f"""SELECT occurred_at AS changed_at, data->>'state' AS state, coalesce(data->>'reason', '') AS reason FROM events
    WHERE {_WITHIN} AND type IN ('TradingStateChanged', 'BreakerChanged') ORDER BY sequence DESC LIMIT {MOST_CHANGES}"""  # noqa: S608
).bindparams(*_SPAN)
_LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)
_WEEK = timedelta(days=7)


class PostgresWeeks:
    """The port `Weeks`. Every method raises LedgerUnavailable when it should be called again."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def find(self, desk_id: str, monday: date) -> WeeklyReport | None:
        """The report of one week."""
        async with transaction(self._engine) as connection:
            return await _find(connection, desk_id, monday)

    async def facts(self, desk_id: str, monday: date) -> WeekFacts:
        """What the books hold of a week: from the close before it to its last."""
        async with transaction(consistent(self._engine)) as connection:
            closes = await _closes(connection, desk_id, monday, monday + _WEEK)
            before = await _closes(connection, desk_id, date.min, monday, newest=1)
            if not closes:
                return WeekFacts((), None, (), {}, (), {}, {})
            since = before[0].until_at if before else _LONG_AGO
            asked: dict[str, object] = {"desk_id": desk_id, "since": since, "until": closes[-1].until_at}
            changes = (await connection.execute(_CHANGES, asked)).mappings().all()
            return WeekFacts(
                closes=closes,
                before=before[0] if before else None,
                trades=await _trades(connection, desk_id, before, closes),
                cycles=await _counts(connection, _CYCLES, asked),
                changes=[ChangeLine.model_validate(dict(row)) for row in reversed(changes)],
                differences=await _counts(connection, _DIFFERENCES, asked),
                alerts=await _counts(connection, _ALERTS, asked),
            )

    async def keep(self, report: WeeklyReport, told: Sequence[Event]) -> WeeklyReport:
        """Keep a report once, with what is told of it, in one transaction."""
        row = {"desk_id": report.desk_id, "monday": report.monday, "body": report.model_dump(mode="json")}
        async with transaction(self._engine) as connection:
            await log.lock_log(connection, report.desk_id)
            entered = insert(weekly_reports).values(row).on_conflict_do_nothing()
            if (await connection.execute(entered.returning(weekly_reports.c.monday))).one_or_none() is None:
                return await _find(connection, report.desk_id, report.monday) or report
            await log.append(connection, told)
        return report


async def _find(connection: AsyncConnection, desk_id: str, monday: date) -> WeeklyReport | None:
    ours = (weekly_reports.c.desk_id == desk_id) & (weekly_reports.c.monday == monday)
    body = (await connection.execute(select(weekly_reports.c.body).where(ours))).scalar_one_or_none()
    return None if body is None else WeeklyReport.model_validate(body)


async def _closes(
    connection: AsyncConnection, desk_id: str, first: date, end: date, newest: int | None = None
) -> list[DailyClose]:
    """The closes of the sessions from one day to before another, the oldest first; or only so many of the newest."""
    on = daily_closes.c.session_on
    query = select(daily_closes.c.body).where((daily_closes.c.desk_id == desk_id) & (on >= first) & (on < end))
    rows = (await connection.execute(query.order_by(on.desc()).limit(newest))).scalars()
    return [DailyClose.model_validate(body) for body in reversed(list(rows))]


async def _trades(
    connection: AsyncConnection, desk_id: str, before: Sequence[DailyClose], closes: Sequence[DailyClose]
) -> list[Trade]:
    """Those that were closed after the close before, up to the last bell."""
    ended = (trades.c.closed_at > (before[0].closes_at if before else _LONG_AGO)) & (
        trades.c.closed_at <= closes[-1].closes_at
    )
    query = select(trades).where((trades.c.desk_id == desk_id) & ended).order_by(trades.c.closed_at, trades.c.trade_id)
    rows = (await connection.execute(query)).mappings()
    return [Trade.model_validate({name: row[name] for name in Trade.model_fields}) for row in rows]


async def _counts(connection: AsyncConnection, query: TextClause, asked: Mapping[str, object]) -> dict[str, int]:
    return {row[0]: row[1] for row in await connection.execute(query, asked)}
