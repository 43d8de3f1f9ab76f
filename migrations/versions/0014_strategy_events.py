"""A strategy's newest events, found without those of the others."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE INDEX ix_events_told_of_strategy ON events (desk_id, (coalesce(data ->> 'strategy_id', 'agents')),
        sequence) WHERE type IN ('CycleCompleted', 'CycleSkipped', 'CycleFailed', 'OrderIntended', 'OrderAccepted',
        'OrderRejected', 'TradeExecuted', 'ShadowTradeClosed')
        """
    )
