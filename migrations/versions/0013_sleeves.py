"""Each strategy's part of the books. So far all that a desk has done was the agents'."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE sub_positions (
        desk_id TEXT NOT NULL,
        strategy_id TEXT NOT NULL,
        symbol TEXT NOT NULL,
        quantity NUMERIC(19, 9) NOT NULL,
        cost_basis NUMERIC(18, 2) NOT NULL,
        realised_pnl NUMERIC(18, 2) NOT NULL,
        cash NUMERIC(18, 2) NOT NULL,
        lots JSONB NOT NULL,
        CONSTRAINT pk_sub_positions PRIMARY KEY (desk_id, strategy_id, symbol),
        CONSTRAINT fk_sub_positions_desk_id FOREIGN KEY(desk_id) REFERENCES system_state (desk_id),
        CONSTRAINT ck_sub_positions_flat_costs_nothing CHECK (quantity <> 0 OR cost_basis = 0)
    )
    """,
    """
    CREATE TABLE strategy_accounts (
        desk_id TEXT NOT NULL,
        strategy_id TEXT NOT NULL,
        cash NUMERIC(18, 2) NOT NULL,
        peak_equity NUMERIC(18, 2) DEFAULT '0' NOT NULL,
        flow_count INTEGER DEFAULT '0' NOT NULL,
        funded_for NUMERIC(9, 8),
        funded_at_flow INTEGER,
        CONSTRAINT pk_strategy_accounts PRIMARY KEY (desk_id, strategy_id),
        CONSTRAINT fk_strategy_accounts_desk_id FOREIGN KEY(desk_id) REFERENCES system_state (desk_id),
        CONSTRAINT ck_strategy_accounts_funded_whole CHECK ((funded_for IS NULL) = (funded_at_flow IS NULL))
    )
    """,
    """
    CREATE TABLE allocations (
        allocation_id TEXT NOT NULL,
        desk_id TEXT NOT NULL,
        strategy_id TEXT NOT NULL,
        amount NUMERIC(18, 2) NOT NULL,
        allocation NUMERIC(9, 8) NOT NULL,
        desk_equity NUMERIC(18, 2) NOT NULL,
        allocated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_allocations PRIMARY KEY (allocation_id),
        CONSTRAINT fk_allocations_desk_id FOREIGN KEY(desk_id) REFERENCES system_state (desk_id),
        CONSTRAINT ck_allocations_moves_something CHECK (amount <> 0)
    )
    """,
    "CREATE INDEX ix_allocations_desk_id_strategy_id ON allocations (desk_id, strategy_id)",
    """
    CREATE TABLE strategy_marks (
        desk_id TEXT NOT NULL,
        strategy_id TEXT NOT NULL,
        marked_at TIMESTAMP WITH TIME ZONE NOT NULL,
        equity NUMERIC(18, 2) NOT NULL,
        cash NUMERIC(18, 2) NOT NULL,
        flow_count INTEGER NOT NULL,
        CONSTRAINT pk_strategy_marks PRIMARY KEY (desk_id, strategy_id, marked_at),
        CONSTRAINT fk_strategy_marks_desk_id FOREIGN KEY(desk_id) REFERENCES system_state (desk_id)
    )
    """,
    "ALTER TABLE adjustments ADD COLUMN strategy_id TEXT",
    "DROP INDEX uq_trades_open",
    "CREATE UNIQUE INDEX uq_trades_open ON trades (desk_id, strategy_id, symbol) WHERE closed_at IS NULL",
    "UPDATE trades SET strategy_id = 'agents' WHERE strategy_id = 'adopted'",
    # Fills that were taken back do not count. What was paid for a symbol belongs to who held it; before the first
    # share of it that was nobody.
    """
    WITH counted AS (
        SELECT * FROM fills f WHERE reverses IS NULL AND NOT EXISTS (SELECT FROM fills r WHERE r.reverses = f.fill_id)
    )
    INSERT INTO sub_positions (desk_id, strategy_id, symbol, quantity, cost_basis, realised_pnl, cash, lots)
    SELECT p.desk_id, 'agents', p.symbol, p.quantity, p.cost_basis, p.realised_pnl,
        (SELECT coalesce(sum(f.cash_change), 0) FROM counted f WHERE (f.desk_id, f.symbol) = (p.desk_id, p.symbol))
            + (SELECT coalesce(sum(c.amount), 0) FROM capital_events c
               WHERE (c.desk_id, c.symbol) = (p.desk_id, p.symbol) AND c.kind IN ('dividend', 'cash_in_lieu')
               AND c.occurred_at >= h.since),
        coalesce(p.lots, '[]'::jsonb)
    FROM positions p JOIN (
        SELECT desk_id, symbol, min(at) AS since FROM (
            SELECT desk_id, symbol, filled_at AS at FROM counted
            UNION ALL SELECT desk_id, symbol, effective_at FROM adjustments WHERE kind = 'adoption'
        ) shares GROUP BY desk_id, symbol
    ) h USING (desk_id, symbol)
    """,
    """
    INSERT INTO strategy_accounts (desk_id, strategy_id, cash)
    SELECT desk_id, strategy_id, sum(cash) FROM sub_positions GROUP BY desk_id, strategy_id
    """,
    "GRANT SELECT, INSERT, UPDATE, DELETE ON sub_positions, strategy_accounts TO trading_app",
    "GRANT SELECT, INSERT ON allocations TO trading_app",
    "GRANT SELECT, INSERT, UPDATE ON strategy_marks TO trading_app",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
