"""What is known of companies, and how fast each provider of prices may be asked."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE companies (
        symbol TEXT NOT NULL,
        name TEXT NOT NULL,
        sector TEXT NOT NULL,
        industry TEXT NOT NULL,
        tradable BOOLEAN NOT NULL,
        source TEXT NOT NULL,
        known_at timestamptz NOT NULL,
        CONSTRAINT pk_companies PRIMARY KEY (symbol)
    )
    """,
    """
    CREATE TABLE request_rates (
        provider TEXT NOT NULL,
        free_at timestamptz NOT NULL,
        CONSTRAINT pk_request_rates PRIMARY KEY (provider)
    )
    """,
    "GRANT SELECT, INSERT, UPDATE ON companies, request_rates TO trading_app",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
