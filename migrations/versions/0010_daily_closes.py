"""The close of each session and the report of each week."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None

UP = (
    """
    CREATE TABLE daily_closes (
        desk_id TEXT NOT NULL,
        session_on DATE NOT NULL,
        closes_at timestamptz NOT NULL,
        until_at timestamptz NOT NULL,
        equity NUMERIC(18, 2),
        paid_in NUMERIC(18, 2) NOT NULL,
        flow_count INTEGER NOT NULL,
        benchmark_return DOUBLE PRECISION,
        body JSONB NOT NULL,
        recorded_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_daily_closes PRIMARY KEY (desk_id, session_on),
        CONSTRAINT fk_daily_closes_desk_id FOREIGN KEY(desk_id) REFERENCES system_state (desk_id)
    )
    """,
    """
    CREATE TABLE weekly_reports (
        desk_id TEXT NOT NULL,
        monday DATE NOT NULL,
        body JSONB NOT NULL,
        recorded_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_weekly_reports PRIMARY KEY (desk_id, monday),
        CONSTRAINT fk_weekly_reports_desk_id FOREIGN KEY(desk_id) REFERENCES system_state (desk_id)
    )
    """,
    "GRANT SELECT, INSERT ON daily_closes, weekly_reports TO trading_app",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)
