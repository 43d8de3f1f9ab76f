"""The tables of what is closed and reported: a row a session, a row a week, each written once."""

from __future__ import annotations

from sqlalchemy import Column, Date, Double, ForeignKey, Integer, Table, Text, func
from sqlalchemy.dialects.postgresql import JSONB

from adapters.postgres.tables import At, Dollars, metadata

# The columns are what series are made of; `body` is the whole close.
daily_closes = Table(
    "daily_closes",
    metadata,
    Column("desk_id", Text, ForeignKey("system_state.desk_id"), primary_key=True),
    Column("session_on", Date, primary_key=True),
    Column("closes_at", At, nullable=False),
    Column("until_at", At, nullable=False),
    Column("equity", Dollars),
    Column("paid_in", Dollars, nullable=False),
    Column("flow_count", Integer, nullable=False),
    Column("benchmark_return", Double),
    Column("body", JSONB, nullable=False),
    Column("recorded_at", At, nullable=False, server_default=func.now()),
)

weekly_reports = Table(
    "weekly_reports",
    metadata,
    Column("desk_id", Text, ForeignKey("system_state.desk_id"), primary_key=True),
    Column("monday", Date, primary_key=True),
    Column("body", JSONB, nullable=False),
    Column("recorded_at", At, nullable=False, server_default=func.now()),
)
