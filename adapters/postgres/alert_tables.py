"""What is remembered of the alerts beside the log: how far it was read for them, and who was told of which.

The alerts and their acknowledgements themselves are events.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from adapters.postgres.tables import At, events, metadata

alert_readings = Table(
    "alert_readings",
    metadata,
    Column("desk_id", Text, ForeignKey("system_state.desk_id"), primary_key=True),
    Column("noticed", JSONB, nullable=False),
)

# All alerts of a channel up to the number `told_to` are settled.
alert_channels = Table(
    "alert_channels",
    metadata,
    Column("desk_id", Text, ForeignKey("system_state.desk_id"), primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("told_to", Integer, nullable=False),
)

# `number` is that of the alert's event in the desk's log; alerts of one message have one `message`.
alert_deliveries = Table(
    "alert_deliveries",
    metadata,
    Column("desk_id", Text, ForeignKey("system_state.desk_id"), primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("message", Integer, nullable=False),
    Column("cause", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("settled_at", At, nullable=False),
    CheckConstraint("outcome IN ('told', 'passed', 'refused')", name="known_outcome"),
    Index(None, "desk_id", "channel", "settled_at"),
)

Index(
    "ix_events_alerts",
    events.c.desk_id,
    events.c.sequence,
    postgresql_where=text("type IN ('AlertRaised', 'AlertAcknowledged')"),
)
