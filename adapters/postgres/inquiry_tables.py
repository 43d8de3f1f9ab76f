"""Questions that were asked of a desk, and what was answered."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from adapters.postgres.tables import At, Cost, metadata

inquiries = Table(
    "inquiries",
    metadata,
    Column("desk_id", Text, primary_key=True),
    Column("inquiry_id", Text, primary_key=True),
    Column("trace_id", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("started_at", At, nullable=False),
    Column("caps", JSONB, nullable=False),
    Column("ended_at", At),
    Column("ending", Text),
    Column("text", Text),
    Column("citations", JSONB),
    Column("uncited", JSONB),
    Column("lookups", JSONB),
    Column("model", Text),
    Column("steps", Integer),
    Column("tokens", BigInteger),
    Column("cost_usd", Cost),
    CheckConstraint("ending IN ('answered', 'unknown', 'refused', 'capped', 'failed')", name="known_ending"),
    CheckConstraint("(ending IS NULL) = (ended_at IS NULL)", name="ended_says_how"),
    Index(None, "desk_id", "started_at"),
)
