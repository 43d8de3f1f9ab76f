"""The paper broker keeps accounts; the books keep lots, adjustments and the reasons of capital."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

PAPER = (
    """
    CREATE TABLE paper_accounts (
        desk_id TEXT NOT NULL,
        cash NUMERIC NOT NULL,
        CONSTRAINT pk_paper_accounts PRIMARY KEY (desk_id)
    )
    """,
    """
    CREATE TABLE paper_positions (
        desk_id TEXT NOT NULL,
        symbol TEXT NOT NULL,
        quantity NUMERIC NOT NULL,
        mark NUMERIC NOT NULL,
        marked_at timestamptz NOT NULL,
        CONSTRAINT pk_paper_positions PRIMARY KEY (desk_id, symbol),
        CONSTRAINT ck_paper_positions_mark_positive CHECK (mark > 0)
    )
    """,
    "CREATE INDEX ix_paper_positions_held ON paper_positions (symbol) WHERE quantity <> 0",
    """
    CREATE TABLE paper_activities (
        activity_id TEXT NOT NULL,
        number BIGINT GENERATED ALWAYS AS IDENTITY,
        desk_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        amount NUMERIC NOT NULL,
        symbol TEXT,
        shares NUMERIC NOT NULL,
        occurred_at timestamptz NOT NULL,
        words TEXT NOT NULL,
        recorded_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_paper_activities PRIMARY KEY (activity_id),
        CONSTRAINT uq_paper_activities_number UNIQUE (number),
        CONSTRAINT ck_paper_activities_shares_of_something CHECK (shares = 0 OR symbol IS NOT NULL)
    )
    """,
    "CREATE INDEX ix_paper_activities_desk_id_number ON paper_activities (desk_id, number)",
    "ALTER TABLE paper_orders ADD COLUMN mark NUMERIC, ADD COLUMN expires_at timestamptz",
    "ALTER TABLE paper_fills ADD COLUMN recorded_at timestamptz DEFAULT now() NOT NULL",
)

# Accounts of desks that traded before accounts were kept: what was paid in by the books, and what the fills made of it.
OPENED = (
    """
    CREATE TEMPORARY TABLE traded ON COMMIT DROP AS
    SELECT o.desk_id, f.symbol, f.price, f.filled_at, f.number,
        CASE f.side WHEN 'buy' THEN f.quantity ELSE -f.quantity END AS shares,
        round(f.quantity * f.price, 2) * CASE f.side WHEN 'buy' THEN -1 ELSE 1 END - f.commission AS cash
    FROM paper_fills f JOIN paper_orders o USING (client_order_id)
    """,
    """
    INSERT INTO paper_activities (activity_id, desk_id, kind, amount, shares, occurred_at, words)
    SELECT capital_event_id, desk_id, kind, amount, 0, occurred_at, '' FROM capital_events ORDER BY occurred_at
    """,
    """
    INSERT INTO paper_accounts (desk_id, cash)
    SELECT desk_id, sum(paid) + coalesce((SELECT sum(cash) FROM traded t WHERE t.desk_id = c.desk_id), 0)
    FROM (SELECT desk_id, amount AS paid FROM capital_events) c GROUP BY desk_id
    """,
    """
    INSERT INTO paper_positions (desk_id, symbol, quantity, mark, marked_at)
    SELECT desk_id, symbol, sum(shares), (array_agg(price ORDER BY filled_at DESC, number DESC))[1], max(filled_at)
    FROM traded GROUP BY desk_id, symbol
    """,
)

BOOKS = (
    "ALTER TABLE positions ADD COLUMN lots JSONB",
    "ALTER TABLE capital_events ADD COLUMN symbol TEXT, ADD COLUMN reason TEXT DEFAULT '' NOT NULL",
    "ALTER TABLE portfolio_state ADD COLUMN flow_count INTEGER DEFAULT 0 NOT NULL",
    "ALTER TABLE equity_marks ADD COLUMN flow_count INTEGER DEFAULT 0 NOT NULL",
    "ALTER TABLE trades ALTER COLUMN entry_order_id DROP NOT NULL",
    """
    CREATE TABLE adjustments (
        adjustment_id TEXT NOT NULL,
        desk_id TEXT NOT NULL,
        symbol TEXT NOT NULL,
        kind TEXT NOT NULL,
        ratio NUMERIC,
        fractions BOOLEAN NOT NULL,
        quantity NUMERIC(19, 9) NOT NULL,
        cost NUMERIC(18, 2) NOT NULL,
        effective_at timestamptz NOT NULL,
        evidence TEXT NOT NULL,
        recorded_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_adjustments PRIMARY KEY (adjustment_id),
        CONSTRAINT ck_adjustments_of_its_kind CHECK ((kind = 'split') = (ratio IS NOT NULL)),
        CONSTRAINT fk_adjustments_desk_id FOREIGN KEY(desk_id) REFERENCES system_state (desk_id)
    )
    """,
    "CREATE INDEX ix_adjustments_desk_id_symbol_effective_at ON adjustments (desk_id, symbol, effective_at)",
)

GRANTS = (
    "GRANT SELECT, INSERT ON adjustments, paper_activities TO trading_app",
    "GRANT SELECT, INSERT, UPDATE ON paper_accounts, paper_positions TO trading_app",
    "GRANT UPDATE (flow_count) ON equity_marks TO trading_app",
)


def upgrade() -> None:
    for statement in (*PAPER, *OPENED, *BOOKS, *GRANTS):
        op.execute(statement)
