"""Runs over the past, and the trials of each."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

UP = (
    """
    CREATE TABLE backtests (
        run_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        strategy TEXT NOT NULL,
        symbols JSONB NOT NULL,
        from_on DATE NOT NULL,
        to_on DATE NOT NULL,
        status TEXT NOT NULL,
        started_at timestamptz DEFAULT now() NOT NULL,
        finished_at timestamptz,
        trials INTEGER NOT NULL,
        spent_usd DOUBLE PRECISION NOT NULL,
        folder TEXT NOT NULL,
        asked JSONB NOT NULL,
        card JSONB NOT NULL,
        metrics JSONB NOT NULL,
        CONSTRAINT pk_backtests PRIMARY KEY (run_id),
        CONSTRAINT ck_backtests_known_status CHECK (status IN ('running', 'completed', 'cancelled', 'failed')),
        CONSTRAINT ck_backtests_ended_says_when CHECK ((status = 'running') = (finished_at IS NULL))
    )
    """,
    "CREATE INDEX ix_backtests_started_at ON backtests (started_at)",
    """
    CREATE TABLE backtest_trials (
        run_id TEXT NOT NULL,
        fold INTEGER NOT NULL,
        is_test BOOLEAN NOT NULL,
        number INTEGER NOT NULL,
        parameters JSONB NOT NULL,
        metrics JSONB NOT NULL,
        returns BYTEA NOT NULL,
        error TEXT,
        CONSTRAINT pk_backtest_trials PRIMARY KEY (run_id, fold, is_test, number),
        CONSTRAINT fk_backtest_trials_run_id FOREIGN KEY(run_id) REFERENCES backtests (run_id)
    )
    """,
    # Float32 noise does not shrink: trying to would only cost time at each insert.
    "ALTER TABLE backtest_trials ALTER COLUMN returns SET STORAGE EXTERNAL",
    "GRANT SELECT, INSERT, UPDATE ON backtests TO trading_app",
    "GRANT SELECT, INSERT ON backtest_trials TO trading_app",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)
