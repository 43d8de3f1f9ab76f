"""The ledger of spend on models: a row for each attempt of each call that costs something."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Computed, Index, Integer, Table, Text, text

from adapters.postgres.tables import At, Cost, metadata

_COUNTED = "CASE state WHEN 'released' THEN 0 WHEN 'settled' THEN settled_{0} ELSE reserved_{0} END"

# What counts against a budget: what it took, else the most that it may take; nothing of what was never charged.
model_spend = Table(
    "model_spend",
    metadata,
    Column("cycle_id", Text, primary_key=True),
    Column("call_id", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("desk_id", Text, nullable=False),
    Column("strategy_id", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reserved_usd", Cost, nullable=False),
    Column("reserved_tokens", BigInteger, nullable=False),
    Column("settled_usd", Cost),
    Column("settled_tokens", BigInteger),
    Column("is_priced", Boolean, nullable=False),
    Column("at", At, nullable=False),
    Column("counted_usd", Cost, Computed(_COUNTED.format("usd"), persisted=True), nullable=False),
    Column("counted_tokens", BigInteger, Computed(_COUNTED.format("tokens"), persisted=True), nullable=False),
    CheckConstraint("state IN ('reserved', 'settled', 'released', 'lost')", name="known_state"),
    CheckConstraint("reserved_usd >= 0 AND reserved_tokens >= 0 AND attempt > 0", name="not_negative"),
    CheckConstraint(
        "(state = 'settled') = (settled_usd IS NOT NULL) AND (settled_usd IS NULL) = (settled_tokens IS NULL)",
        name="settled_says_what",
    ),
    Index(None, "desk_id", "at"),
    Index("ix_model_spend_reserved", "desk_id", postgresql_where=text("state = 'reserved'")),
)
