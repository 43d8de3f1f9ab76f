"""The tables of what was run over the past: a row a run, a row a trial of it, each written once."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from adapters.postgres.tables import At, metadata

# The columns are what runs are listed and found by; `asked`, `card` and `metrics` are the whole.
backtests = Table(
    "backtests",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("desk_id", Text, nullable=False, server_default=text("'main'")),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("strategy", Text, nullable=False),
    Column("symbols", JSONB, nullable=False),
    Column("from_on", Date, nullable=False),
    Column("to_on", Date, nullable=False),
    Column("status", Text, nullable=False),
    Column("started_at", At, nullable=False, server_default=func.now()),
    Column("finished_at", At),
    Column("trials", Integer, nullable=False),
    Column("spent_usd", Double, nullable=False),
    Column("folder", Text, nullable=False),
    Column("asked", JSONB, nullable=False),
    Column("card", JSONB, nullable=False),
    Column("metrics", JSONB, nullable=False),
    CheckConstraint("status IN ('running', 'completed', 'cancelled', 'failed')", name="known_status"),
    CheckConstraint("(status = 'running') = (finished_at IS NULL)", name="ended_says_when"),
    Index("ix_backtests_desk_id_started_at", "desk_id", "started_at"),
)

# `returns` are the daily returns of the trial, little-endian float32: the statistics of all trials need them side by
# side, and half a float's digits are more than any of those has.
backtest_trials = Table(
    "backtest_trials",
    metadata,
    Column("run_id", Text, ForeignKey("backtests.run_id"), primary_key=True),
    Column("fold", Integer, primary_key=True),
    Column("is_test", Boolean, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("parameters", JSONB, nullable=False),
    Column("metrics", JSONB, nullable=False),
    Column("returns", LargeBinary, nullable=False),
    Column("error", Text),
)
