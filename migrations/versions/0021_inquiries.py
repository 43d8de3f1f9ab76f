"""Questions in plain language, and what was answered."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE inquiries (
        desk_id TEXT NOT NULL,
        inquiry_id TEXT NOT NULL,
        trace_id TEXT NOT NULL,
        question TEXT NOT NULL,
        asked_by TEXT NOT NULL,
        started_at TIMESTAMP WITH TIME ZONE NOT NULL,
        caps JSONB NOT NULL,
        ended_at TIMESTAMP WITH TIME ZONE,
        ending TEXT,
        text TEXT,
        citations JSONB,
        uncited JSONB,
        lookups JSONB,
        model TEXT,
        steps INTEGER,
        tokens BIGINT,
        cost_usd NUMERIC(18, 9),
        CONSTRAINT pk_inquiries PRIMARY KEY (desk_id, inquiry_id),
        CONSTRAINT ck_inquiries_known_ending CHECK (
            ending IN ('answered', 'unknown', 'refused', 'capped', 'failed')),
        CONSTRAINT ck_inquiries_ended_says_how CHECK ((ending IS NULL) = (ended_at IS NULL))
    )
    """,
    "CREATE INDEX ix_inquiries_desk_id_started_at ON inquiries (desk_id, started_at)",
    "GRANT SELECT, INSERT, UPDATE ON inquiries TO trading_app",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
