"""Orders whose fate is unknown are open ones, and recent orders are counted before each new one."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP INDEX ix_orders_open")
    op.execute(
        """
        CREATE INDEX ix_orders_open ON orders (desk_id)
        WHERE state IN ('intended', 'submitted', 'unknown', 'accepted', 'partially_filled')
        """
    )
    op.execute("CREATE INDEX ix_orders_desk_id_recorded_at ON orders (desk_id, recorded_at)")


def downgrade() -> None:
    op.execute("DROP INDEX ix_orders_desk_id_recorded_at")
    op.execute("DROP INDEX ix_orders_open")
    op.execute(
        """
        CREATE INDEX ix_orders_open ON orders (desk_id)
        WHERE state IN ('intended', 'submitted', 'accepted', 'partially_filled')
        """
    )
