"""Strategies as they are written down, each with a circuit breaker of its own."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

STATEMENTS = (
    # The desk's only strategy so far is the agents, with all of its equity.
    """
    UPDATE strategies SET config = jsonb_build_object(
        'strategy_id', strategy_id, 'source', 'agents', 'allocation', '1', 'rung', 'paper')
    """,
    """
    ALTER TABLE strategies DROP COLUMN name, DROP COLUMN enabled,
        ALTER COLUMN performance SET DEFAULT '{}'::jsonb,
        ADD COLUMN breaker JSONB NOT NULL DEFAULT '{}'::jsonb
    """,
    "GRANT DELETE ON strategies TO trading_app",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
