"""What finds a strategy's events in its desk's log."""

from __future__ import annotations

from sqlalchemy import Index, text

from adapters.postgres.tables import events
from trading.breaker_facts import TOLD

# What was written before a desk could have several strategies was the agents'.
WHOSE = "coalesce(data ->> 'strategy_id', 'agents')"
IS_TOLD = "type IN ({})".format(", ".join(f"'{kind}'" for kind in TOLD))

told_of_strategy = Index(
    "ix_events_told_of_strategy",
    events.c.desk_id,
    text(f"({WHOSE})"),
    events.c.sequence,
    postgresql_where=text(IS_TOLD),
)
