"""Tokens of the HTTP API: of each only its hash; the application may revoke one, never change or delete it."""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE api_tokens (
        token_id TEXT NOT NULL,
        desk_id TEXT NOT NULL,
        name TEXT NOT NULL,
        scopes JSONB NOT NULL,
        secret_hash TEXT NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        expires_at TIMESTAMP WITH TIME ZONE,
        revoked_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_api_tokens PRIMARY KEY (token_id),
        CONSTRAINT ck_api_tokens_hashed CHECK (length(secret_hash) = 64)
    )
    """,
    "CREATE INDEX ix_api_tokens_desk_id ON api_tokens (desk_id)",
    "GRANT SELECT, INSERT, UPDATE (revoked_at) ON api_tokens TO trading_app",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
