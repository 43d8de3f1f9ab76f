"""The tokens of the HTTP API."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from adapters.postgres.tables import At, metadata

# No foreign key: a token may be made before the desk has books.
api_tokens = Table(
    "api_tokens",
    metadata,
    Column("token_id", Text, primary_key=True),
    Column("desk_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", JSONB, nullable=False),
    Column("secret_hash", Text, nullable=False),
    Column("created_at", At, nullable=False),
    Column("expires_at", At),
    Column("revoked_at", At),
    CheckConstraint("length(secret_hash) = 64", name="hashed"),
    Index(None, "desk_id"),
)
