"""`explain_limit`: what a hard limit is, what it is set to, and when it last bound."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import or_

from adapters.looking_up.events import EVENTS, lines_of
from adapters.looking_up.reading import Reader, Whose, of_desk, view
from adapters.looking_up.telling import Told, Untold
from trading.events import EventType
from trading.inquiry_arguments import ExplainLimit
from trading.inquiry_views import View
from trading.limit_words import explained, own_field_of, shown
from trading.limits import Limit, Limits
from trading.strategy import Strategy

_STRATEGIES = view(View.STRATEGIES, "config")
_MOST_TIMES = 10


async def explain_limit(reader: Reader, whose: Whose, asked: ExplainLimit, limits: Limits) -> Told:
    """The limit in words, and the newest events in which it made an order smaller or nothing."""
    lines = [*explained(asked.limit, limits)]
    if asked.strategy_id is not None:
        lines += _own(asked.limit, await _strategy(reader, whose, asked.strategy_id))
    named = or_(
        EVENTS.c.data["limit"].astext == asked.limit,
        EVENTS.c.data["breaches"].contains([{"limit": asked.limit.value}]),
    )
    kinds = (EventType.CONSTRAINT_APPLIED, EventType.ORDER_DENIED)
    query = of_desk(EVENTS, whose, "occurred_at").where(EVENTS.c.type.in_(kinds), named)
    if asked.strategy_id is not None:
        query = query.where(EVENTS.c.strategy_id == asked.strategy_id)
    rows = await reader.rows(query.order_by(EVENTS.c.sequence.desc()).limit(_MOST_TIMES))
    bound = ["the last times it bound:", *lines_of(rows)] if rows else ["it has bound no order yet"]
    return Told([*lines, *bound], [row["event_id"] for row in rows], len(rows))


async def _strategy(reader: Reader, whose: Whose, name: str) -> Strategy:
    rows = await reader.rows(of_desk(_STRATEGIES, whose, None).where(_STRATEGIES.c.strategy_id == name))
    if not rows:
        message = f"the desk has no strategy {name}"
        raise Untold(message)
    return Strategy.model_validate(rows[0]["config"])


def _own(limit: Limit, strategy: Strategy) -> Iterator[str]:
    field = own_field_of(limit)
    if field is None:
        yield f"strategy {strategy.strategy_id} has none of its own"
        return
    own = getattr(strategy.limits, field)
    said = f"limits.{field} = {shown(own)}" if own not in {None, ()} else "none of its own: the desk's holds"
    yield f"strategy {strategy.strategy_id}: {said}"
