"""The tables that live markets keep beside the books: company facts, and the rate at which providers are asked."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from adapters.postgres.tables import At, metadata

companies = Table(
    "companies",
    metadata,
    Column("symbol", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("sector", Text, nullable=False),
    Column("industry", Text, nullable=False),
    Column("tradable", Boolean, nullable=False),
    Column("source", Text, nullable=False),
    Column("known_at", At, nullable=False),
    Column("fundamentals", JSONB(none_as_null=True)),
    Column("earnings", JSONB(none_as_null=True)),
)

# `free_at` is when the next request would be in step if all came evenly; how a rate is kept by it: `rates.py`.
request_rates = Table(
    "request_rates",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("free_at", At, nullable=False),
)
