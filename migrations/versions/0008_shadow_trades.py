"""The trades that a halted desk only thinks of."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

UP = (
    """
    CREATE TABLE shadow_trades (
        shadow_id TEXT NOT NULL,
        desk_id TEXT NOT NULL,
        cycle_id TEXT NOT NULL,
        strategy_id TEXT NOT NULL,
        symbol TEXT NOT NULL,
        sector TEXT NOT NULL,
        side TEXT NOT NULL,
        leg TEXT NOT NULL,
        quantity NUMERIC(19, 9) NOT NULL,
        entry_price NUMERIC(14, 6) NOT NULL,
        notional NUMERIC(18, 2) NOT NULL,
        commission NUMERIC(18, 2) NOT NULL,
        stop NUMERIC(14, 6),
        target NUMERIC(14, 6),
        opened_at timestamptz NOT NULL,
        opened_in DATE,
        seen_on DATE NOT NULL,
        sessions INTEGER NOT NULL,
        looked_at timestamptz NOT NULL,
        mark NUMERIC(14, 6) NOT NULL,
        closed_at timestamptz,
        exit_price NUMERIC(14, 6),
        ending TEXT,
        pnl NUMERIC(18, 2),
        closing_cycle_id TEXT,
        recorded_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_shadow_trades PRIMARY KEY (shadow_id),
        CONSTRAINT ck_shadow_trades_amounts_positive CHECK (quantity > 0 AND entry_price > 0),
        CONSTRAINT ck_shadow_trades_known_side CHECK (side IN ('buy', 'sell')),
        CONSTRAINT ck_shadow_trades_ended_whole CHECK (num_nulls(closed_at, exit_price, ending, pnl) IN (0, 4)),
        CONSTRAINT fk_shadow_trades_desk_id FOREIGN KEY(desk_id) REFERENCES system_state (desk_id)
    )
    """,
    "CREATE INDEX ix_shadow_trades_open ON shadow_trades (desk_id) WHERE closed_at IS NULL",
    "CREATE INDEX ix_shadow_trades_desk_id_opened_at ON shadow_trades (desk_id, opened_at)",
    "GRANT SELECT, INSERT, UPDATE ON shadow_trades TO trading_app",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)
