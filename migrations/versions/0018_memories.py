"""What the desk remembers of its decisions, found by likeness, and what each cycle decided from."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# pgvector is no trusted extension: only a superuser creates it, and the owner of the books need not be one.
EXTENSION = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'vector') THEN
        CREATE EXTENSION vector;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'memories need pgvector: an administrator runs psql -d % -c ''CREATE EXTENSION vector'' once',
            current_database() USING ERRCODE = 'insufficient_privilege';
    WHEN feature_not_supported OR undefined_file THEN
        RAISE EXCEPTION 'pgvector is not installed on its server: install the package postgresql-%-pgvector there',
            current_setting('server_version_num')::int / 10000 USING ERRCODE = 'undefined_object';
END $$
"""
STATEMENTS = (
    EXTENSION,
    """
    CREATE TABLE memories (
        memory_id TEXT NOT NULL,
        desk_id TEXT NOT NULL,
        strategy_id TEXT NOT NULL,
        symbol TEXT NOT NULL,
        side TEXT NOT NULL,
        leg TEXT NOT NULL,
        course TEXT NOT NULL,
        decided_at timestamptz NOT NULL,
        resolved_at timestamptz,
        won BOOLEAN,
        setup JSONB NOT NULL,
        features vector(44) NOT NULL,
        embedding vector(256) NOT NULL,
        embedder TEXT NOT NULL,
        thought JSONB NOT NULL,
        outcome JSONB,
        lesson TEXT DEFAULT '' NOT NULL,
        recorded_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_memories PRIMARY KEY (memory_id),
        CONSTRAINT fk_memories_desk_id FOREIGN KEY(desk_id) REFERENCES system_state (desk_id),
        CONSTRAINT ck_memories_resolved_whole CHECK (num_nulls(resolved_at, won, outcome) IN (0, 3)),
        CONSTRAINT ck_memories_known_side CHECK (side IN ('buy', 'sell'))
    )
    """,
    "CREATE INDEX ix_memories_pending ON memories (desk_id, decided_at) WHERE resolved_at IS NULL",
    "CREATE INDEX ix_memories_resolved ON memories (desk_id, resolved_at) WHERE resolved_at IS NOT NULL",
    "CREATE INDEX ix_memories_desk_id_symbol_decided_at ON memories (desk_id, symbol, decided_at)",
    """CREATE INDEX ix_memories_features_won ON memories USING hnsw (features vector_l2_ops)
    WHERE won AND leg = 'entry'""",
    """CREATE INDEX ix_memories_features_lost ON memories USING hnsw (features vector_l2_ops)
    WHERE NOT won AND leg = 'entry'""",
    "CREATE INDEX ix_memories_embedding ON memories USING hnsw (embedding vector_cosine_ops)",
    """
    CREATE TABLE cycle_grounds (
        cycle_id TEXT NOT NULL,
        desk_id TEXT NOT NULL,
        strategy_id TEXT NOT NULL,
        as_of timestamptz NOT NULL,
        grounds JSONB NOT NULL,
        recorded_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_cycle_grounds PRIMARY KEY (cycle_id),
        CONSTRAINT fk_cycle_grounds_desk_id FOREIGN KEY(desk_id) REFERENCES system_state (desk_id)
    )
    """,
    "CREATE INDEX ix_cycle_grounds_desk_id_as_of ON cycle_grounds (desk_id, as_of)",
    "GRANT SELECT, INSERT, UPDATE ON memories TO trading_app",
    "GRANT SELECT, INSERT ON cycle_grounds TO trading_app",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
