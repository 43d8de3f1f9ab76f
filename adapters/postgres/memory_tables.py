"""The tables of what the desk remembers: a row a setup, written when it was decided and resolved once."""

from __future__ import annotations

from pgvector.sqlalchemy import VECTOR
from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Table, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB

from adapters.postgres.tables import At, metadata
from trading.features import FEATURES
from trading.memory_ports import EMBEDDING_SIZE

# The columns are what memories are found by; `setup`, `thought` and `outcome` are the whole. `course` is the outcome's,
# once there is one.
memories = Table(
    "memories",
    metadata,
    Column("memory_id", Text, primary_key=True),
    Column("desk_id", Text, ForeignKey("system_state.desk_id"), nullable=False),
    Column("strategy_id", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("leg", Text, nullable=False),
    Column("course", Text, nullable=False),
    Column("decided_at", At, nullable=False),
    Column("resolved_at", At),
    Column("won", Boolean),
    Column("setup", JSONB, nullable=False),
    Column("features", VECTOR(len(FEATURES)), nullable=False),
    Column("embedding", VECTOR(EMBEDDING_SIZE), nullable=False),
    Column("embedder", Text, nullable=False),
    Column("thought", JSONB, nullable=False),
    Column("outcome", JSONB(none_as_null=True)),
    Column("lesson", Text, nullable=False, server_default=text("''")),
    Column("recorded_at", At, nullable=False, server_default=func.now()),
    CheckConstraint("num_nulls(resolved_at, won, outcome) IN (0, 3)", name="resolved_whole"),
    CheckConstraint("side IN ('buy', 'sell')", name="known_side"),
    Index("ix_memories_pending", "desk_id", "decided_at", postgresql_where=text("resolved_at IS NULL")),
    Index("ix_memories_resolved", "desk_id", "resolved_at", postgresql_where=text("resolved_at IS NOT NULL")),
    Index(None, "desk_id", "symbol", "decided_at"),
)

# One graph for what was won and one for what was lost: a quota of each never has to wade through the other.
for _name, _which in (("won", "won"), ("lost", "NOT won")):
    Index(
        f"ix_memories_features_{_name}",
        memories.c.features,
        postgresql_using="hnsw",
        postgresql_ops={"features": "vector_l2_ops"},
        postgresql_where=text(f"{_which} AND leg = 'entry'"),
    )
Index(
    "ix_memories_embedding",
    memories.c.embedding,
    postgresql_using="hnsw",
    postgresql_ops={"embedding": "vector_cosine_ops"},
)

cycle_grounds = Table(
    "cycle_grounds",
    metadata,
    Column("cycle_id", Text, primary_key=True),
    Column("desk_id", Text, ForeignKey("system_state.desk_id"), nullable=False),
    Column("strategy_id", Text, nullable=False),
    Column("as_of", At, nullable=False),
    Column("grounds", JSONB, nullable=False),
    Column("recorded_at", At, nullable=False, server_default=func.now()),
    Index(None, "desk_id", "as_of"),
)
