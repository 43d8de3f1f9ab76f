"""The circuit breaker as a whole: what holds the desk, what has tripped, and where every rule stands."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

UP = (
    "ALTER TABLE system_state ADD COLUMN breaker JSONB DEFAULT '{}'::jsonb NOT NULL",
    "UPDATE system_state SET breaker = jsonb_build_object('hold', trading_state)",
    """
    CREATE INDEX ix_events_told ON events (desk_id, sequence) WHERE type IN ('CycleCompleted', 'CycleSkipped',
    'CycleFailed', 'OrderIntended', 'OrderAccepted', 'OrderRejected', 'TradeExecuted', 'ShadowTradeClosed')
    """,
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)
