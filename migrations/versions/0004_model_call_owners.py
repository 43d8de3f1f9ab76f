"""Whose call it was, in the journal, so that spending can be capped.

Only columns are added; a worker of the revision before writes its calls without an owner.
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE model_calls ADD COLUMN desk_id TEXT, ADD COLUMN cycle_id TEXT")
    op.execute("CREATE INDEX ix_model_calls_desk_id_replied_at ON model_calls (desk_id, replied_at)")
    op.execute("CREATE INDEX ix_model_calls_cycle_id ON model_calls (cycle_id)")
