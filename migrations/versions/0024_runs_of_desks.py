"""Each run over the past is of a desk: those that were kept before, of the one that was opened first."""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

# The default is the settings' own, for a program of before that still writes beside this one.
STATEMENTS = (
    "ALTER TABLE backtests ADD COLUMN desk_id TEXT DEFAULT 'main' NOT NULL",
    """
    UPDATE backtests SET desk_id = first.desk_id
    FROM (SELECT desk_id FROM system_state ORDER BY opened_at, desk_id LIMIT 1) first
    """,
    "DROP INDEX ix_backtests_started_at",
    "CREATE INDEX ix_backtests_desk_id_started_at ON backtests (desk_id, started_at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
