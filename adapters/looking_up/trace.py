"""`get_trace`: all of one cycle, or of all that one trace led to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from temporalio.client import Client

from adapters.looking_up.events import EVENTS, lines_of
from adapters.looking_up.reading import Reader, Whose, of_desk, view
from adapters.looking_up.telling import Told, Untold, table
from adapters.looking_up.temporal_outline import outline_of
from trading.inquiry_arguments import GetTrace
from trading.inquiry_limits import MOST_ROWS, MOST_WORKFLOWS
from trading.inquiry_views import View
from trading.money import ZERO
from trading.orders import PROTECTIVE

_ORDERS, _FILLS, _CALLS = view(View.ORDERS), view(View.FILLS), view(View.MODEL_CALLS)
_ORDER = ("client_order_id", "symbol", "side", "leg", "kind", "quantity", "filled_quantity", "state", "reason")
_FILL = ("filled_at", "client_order_id", "symbol", "side", "quantity", "price", "commission")
_CALL = ("agent", "model", "prompt_version", "stop", "latency_seconds", "input_tokens", "output_tokens", "cost_usd")
_MOST_EVENT = 180
"""Characters of what one event of many says."""
_Rows = Sequence[Mapping[Any, Any]]


async def get_trace(reader: Reader, client: Client | None, whose: Whose, asked: GetTrace) -> Told:
    """Its events in order, orders, fills, model calls, and how its workflows went."""
    query = of_desk(EVENTS, whose, "occurred_at")
    query = query.where(
        EVENTS.c.trace_id == asked.trace_id if asked.cycle_id is None else EVENTS.c.aggregate_id == asked.cycle_id
    )
    rows = await reader.rows(query.order_by(EVENTS.c.sequence).limit(MOST_ROWS + 1))
    if not rows:
        raise Untold("the desk has no event of that cycle or trace")
    events = rows[:MOST_ROWS]
    cycles = [one for one in dict.fromkeys(row["aggregate_id"] for row in rows) if one != whose.desk_id]
    orders = await reader.rows(of_desk(_ORDERS, whose, None).where(_ORDERS.c.cycle_id.in_(cycles)).limit(MOST_ROWS))
    names = [row["client_order_id"] for row in orders]
    fills = await reader.rows(of_desk(_FILLS, whose, None).where(_FILLS.c.client_order_id.in_(names)).limit(MOST_ROWS))
    calls = await reader.rows(_newest(whose, cycles))
    # A stop or target rests at the broker: no workflow is its own.
    sent = [row["client_order_id"] for row in orders if row["leg"] not in PROTECTIVE]
    workflows = [*(f"cycle/{one}" for one in cycles), *sent][:MOST_WORKFLOWS]
    ran = [line for name in workflows for line in await outline_of(client, name)] if client else []
    # What is short comes first: a long list of events must not push it out.
    lines = [
        *_part("orders", _ORDER, orders),
        *_part("fills", _FILL, fills),
        *_spent(calls),
        *ran,
        *lines_of(events, most=_MOST_EVENT),
    ]
    more = f"The trace has more than {MOST_ROWS} events: these are the first." if len(rows) > MOST_ROWS else ""
    return Told(lines, [*cycles, *names, *(row["event_id"] for row in events)], len(events), more)


def _newest(whose: Whose, cycles: Sequence[str]) -> Any:
    calls = of_desk(_CALLS, whose, "replied_at").where(_CALLS.c.cycle_id.in_(cycles))
    return calls.order_by(_CALLS.c.replied_at).limit(MOST_ROWS)


def _part(name: str, columns: Sequence[str], rows: _Rows) -> Iterator[str]:
    if rows:
        yield f"{name}:"
        yield from table(columns, rows)


def _spent(calls: _Rows) -> Iterator[str]:
    """The calls of models, and what they took together."""
    yield from _part("model calls", _CALL, calls)
    if calls:
        cost = sum((row["cost_usd"] or ZERO for row in calls), ZERO)
        tokens = sum(int((row["input_tokens"] or 0) + (row["output_tokens"] or 0)) for row in calls)
        slowest = max(calls, key=lambda row: row["latency_seconds"])
        yield (
            f"together {len(calls)} calls, {tokens} tokens, {cost:f} dollars; the slowest was {slowest['agent']}'s, "
            f"{slowest['latency_seconds']:.2f} seconds"
        )
