"""`query_events`: lines of the audit log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, Text, cast

from adapters.looking_up.reading import Reader, Whose, of_desk, view
from adapters.looking_up.telling import Told, Untold, moment, outline
from trading.inquiry_arguments import QueryEvents, Spell
from trading.inquiry_limits import MOST_CELL
from trading.inquiry_views import View

EVENTS = view(View.EVENTS, "data")
# What stands in the line already, or says nothing to whoever asks.
_ELSEWHERE = (
    *("symbol", "strategy_id", "source", "as_of", "sector", "snapshot", "breaker", "giver", "own", "time_in_force"),
    *("broker_order_id", "client_order_id", "reprice_seconds", "fill_id", "looked_at", "recent", "standing"),
)
# What was decided and why comes first: what follows may be cut.
_FIRST = (
    *("outcome", "code", "reason", "verdict", "approved", "action", "denied", "limit", "breaches", "side", "quantity"),
    *("price", "confidence", "risk_score", "concerns", "rationale", "reasoning", "prices"),
)


async def query_events(reader: Reader, whose: Whose, asked: QueryEvents) -> Told:
    """The newest events that are asked for."""
    query = during(of_desk(EVENTS, whose, "occurred_at"), asked, EVENTS.c.occurred_at)
    for name, value in (("aggregate_id", asked.cycle_id), ("symbol", asked.symbol), ("strategy_id", asked.strategy_id)):
        query = query if value is None else query.where(EVENTS.c[name] == value)
    if asked.types:
        query = query.where(EVENTS.c.type.in_(asked.types))
    if asked.contains is not None:
        query = query.where(cast(EVENTS.c.data, Text).icontains(asked.contains, autoescape=True))
    rows = await reader.rows(query.order_by(EVENTS.c.sequence.desc()).limit(asked.most + 1))
    if not rows:
        raise Untold("no event of the desk is of that kind")
    told = rows[: asked.most]
    return Told(lines_of(told), [row["event_id"] for row in told], len(told), more(rows, asked.most))


def during(query: Select[Any], spell: Spell, at: Any) -> Select[Any]:
    """Only rows of a stretch of time."""
    if spell.since is not None:
        query = query.where(at >= spell.since)
    return query if spell.until is None else query.where(at <= spell.until)


def more(rows: Sequence[object], most: int) -> str:
    """That there are more rows than were asked for."""
    return f"There are more than {most} rows: these are the first." if len(rows) > most else ""


def lines_of(rows: Sequence[Mapping[Any, Any]], most: int = MOST_CELL) -> list[str]:
    """Events, a line each: when, what, of which symbol, its id, and what it says."""
    return ["occurred_at | type | symbol | event_id | what it says", *(_line(row, most) for row in rows)]


def _line(row: Mapping[Any, Any], most: int) -> str:
    data = row["data"]
    said = outline({name: data[name] for name in (*_FIRST, *data) if name in data}, _ELSEWHERE, most)
    return " | ".join((moment(row["occurred_at"]), row["type"], row["symbol"] or "-", row["event_id"], said))
