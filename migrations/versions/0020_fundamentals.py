"""What a provider told of a company beside its name and sector: its numbers, and the days of its reports."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE companies ADD COLUMN fundamentals jsonb, ADD COLUMN earnings jsonb")
