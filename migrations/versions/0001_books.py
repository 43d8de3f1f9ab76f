"""The books, the audit log, the journal, the snapshots and the paper broker's book; and who may do what with them."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE system_state (
        desk_id TEXT NOT NULL,
        trading_state TEXT NOT NULL,
        since_at timestamptz,
        changed_by TEXT,
        reason TEXT,
        event_count INTEGER NOT NULL,
        event_head TEXT NOT NULL,
        opened_at timestamptz NOT NULL,
        CONSTRAINT pk_system_state PRIMARY KEY (desk_id),
        CONSTRAINT ck_system_state_known_state CHECK (trading_state IN ('ACTIVE', 'REDUCING', 'HALTED')),
        CONSTRAINT ck_system_state_counted CHECK (event_count >= 0)
    )
    """,
    """
    CREATE TABLE portfolio_state (
        desk_id TEXT NOT NULL,
        cash NUMERIC(18, 2) NOT NULL,
        equity NUMERIC(18, 2) NOT NULL,
        peak_equity NUMERIC(18, 2) NOT NULL,
        marked_at timestamptz,
        CONSTRAINT pk_portfolio_state PRIMARY KEY (desk_id),
        CONSTRAINT fk_portfolio_state_desk_id FOREIGN KEY(desk_id) REFERENCES system_state (desk_id)
    )
    """,
    """
    CREATE TABLE positions (
        desk_id TEXT NOT NULL,
        symbol TEXT NOT NULL,
        sector TEXT NOT NULL,
        quantity NUMERIC(19, 9) NOT NULL,
        cost_basis NUMERIC(18, 2) NOT NULL,
        realised_pnl NUMERIC(18, 2) NOT NULL,
        mark NUMERIC(14, 6) NOT NULL,
        marked_at timestamptz NOT NULL,
        quoted_mark NUMERIC(14, 6),
        quoted_at timestamptz,
        CONSTRAINT pk_positions PRIMARY KEY (desk_id, symbol),
        CONSTRAINT ck_positions_mark_positive CHECK (mark > 0),
        CONSTRAINT ck_positions_flat_costs_nothing CHECK (quantity <> 0 OR cost_basis = 0),
        CONSTRAINT ck_positions_quote_whole CHECK ((quoted_mark IS NULL) = (quoted_at IS NULL)),
        CONSTRAINT fk_positions_desk_id FOREIGN KEY(desk_id) REFERENCES system_state (desk_id)
    )
    """,
    """
    CREATE TABLE orders (
        client_order_id TEXT NOT NULL,
        desk_id TEXT NOT NULL,
        strategy_id TEXT NOT NULL,
        cycle_id TEXT NOT NULL,
        parent_id TEXT,
        symbol TEXT NOT NULL,
        side TEXT NOT NULL,
        leg TEXT NOT NULL,
        kind TEXT NOT NULL,
        quantity NUMERIC(19, 9) NOT NULL,
        filled_quantity NUMERIC(19, 9) NOT NULL,
        state TEXT NOT NULL,
        told_state TEXT NOT NULL,
        broker_order_id TEXT,
        reason TEXT,
        request JSONB NOT NULL,
        breaches JSONB,
        recorded_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_orders PRIMARY KEY (client_order_id),
        CONSTRAINT ck_orders_quantity_positive CHECK (quantity > 0),
        CONSTRAINT ck_orders_filled_not_negative CHECK (filled_quantity >= 0),
        CONSTRAINT ck_orders_known_side CHECK (side IN ('buy', 'sell')),
        CONSTRAINT ck_orders_denied_says_why CHECK ((state = 'denied') = (breaches IS NOT NULL)),
        CONSTRAINT fk_orders_desk_id FOREIGN KEY(desk_id) REFERENCES system_state (desk_id)
    )
    """,
    "CREATE INDEX ix_orders_desk_id_cycle_id ON orders (desk_id, cycle_id)",
    """
    CREATE INDEX ix_orders_open ON orders (desk_id)
    WHERE state IN ('intended', 'submitted', 'accepted', 'partially_filled')
    """,
    """
    CREATE TABLE fills (
        fill_id TEXT NOT NULL,
        desk_id TEXT NOT NULL,
        client_order_id TEXT NOT NULL,
        symbol TEXT NOT NULL,
        side TEXT NOT NULL,
        quantity NUMERIC(19, 9) NOT NULL,
        price NUMERIC(14, 6) NOT NULL,
        commission NUMERIC(18, 2) NOT NULL,
        cash_change NUMERIC(18, 2) NOT NULL,
        filled_at timestamptz NOT NULL,
        reverses TEXT,
        recorded_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_fills PRIMARY KEY (fill_id),
        CONSTRAINT ck_fills_quantity_not_negative CHECK (quantity >= 0),
        CONSTRAINT ck_fills_price_positive CHECK (price > 0),
        CONSTRAINT ck_fills_known_side CHECK (side IN ('buy', 'sell')),
        CONSTRAINT fk_fills_desk_id FOREIGN KEY(desk_id) REFERENCES system_state (desk_id),
        CONSTRAINT fk_fills_client_order_id FOREIGN KEY(client_order_id) REFERENCES orders (client_order_id)
    )
    """,
    "CREATE INDEX ix_fills_client_order_id ON fills (client_order_id)",
    "CREATE INDEX ix_fills_desk_id_symbol_filled_at_fill_id ON fills (desk_id, symbol, filled_at, fill_id)",
    "CREATE INDEX ix_fills_reverses ON fills (reverses) WHERE reverses IS NOT NULL",
    """
    CREATE TABLE trades (
        trade_id TEXT NOT NULL,
        desk_id TEXT NOT NULL,
        strategy_id TEXT NOT NULL,
        symbol TEXT NOT NULL,
        side TEXT NOT NULL,
        opened_at timestamptz NOT NULL,
        closed_at timestamptz,
        quantity NUMERIC(19, 9) NOT NULL,
        closed_quantity NUMERIC(19, 9) NOT NULL,
        entry_price NUMERIC(14, 6) NOT NULL,
        exit_price NUMERIC(14, 6),
        realised_pnl NUMERIC(18, 2) NOT NULL,
        entry_order_id TEXT NOT NULL,
        exit_order_id TEXT,
        exit_reason TEXT,
        scores JSONB NOT NULL,
        outcome TEXT GENERATED ALWAYS AS (CASE WHEN closed_at IS NULL THEN 'open' WHEN realised_pnl > 0 THEN 'won'
         WHEN realised_pnl < 0 THEN 'lost' ELSE 'even' END),
        CONSTRAINT pk_trades PRIMARY KEY (trade_id),
        CONSTRAINT ck_trades_closes_what_it_opened CHECK (closed_quantity <= quantity),
        CONSTRAINT ck_trades_closed_when_flat CHECK ((closed_at IS NULL) = (closed_quantity < quantity)),
        CONSTRAINT fk_trades_desk_id FOREIGN KEY(desk_id) REFERENCES system_state (desk_id),
        CONSTRAINT fk_trades_entry_order_id FOREIGN KEY(entry_order_id) REFERENCES orders (client_order_id),
        CONSTRAINT fk_trades_exit_order_id FOREIGN KEY(exit_order_id) REFERENCES orders (client_order_id)
    )
    """,
    "CREATE INDEX ix_trades_desk_id_opened_at ON trades (desk_id, opened_at)",
    "CREATE UNIQUE INDEX uq_trades_open ON trades (desk_id, symbol) WHERE closed_at IS NULL",
    """
    CREATE TABLE events (
        event_id TEXT NOT NULL,
        desk_id TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        aggregate_id TEXT NOT NULL,
        position INTEGER NOT NULL,
        type TEXT NOT NULL,
        trace_id TEXT NOT NULL,
        occurred_at timestamptz NOT NULL,
        data JSONB NOT NULL,
        content_hash TEXT NOT NULL,
        previous_hash TEXT NOT NULL,
        hash TEXT NOT NULL,
        recorded_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_events PRIMARY KEY (event_id),
        CONSTRAINT uq_events_desk_id_sequence UNIQUE (desk_id, sequence),
        CONSTRAINT uq_events_desk_id_aggregate_id_position UNIQUE (desk_id, aggregate_id, position),
        CONSTRAINT ck_events_numbered_from_one CHECK (sequence > 0 AND position > 0)
    )
    """,
    """
    CREATE TABLE capital_events (
        capital_event_id TEXT NOT NULL,
        desk_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        amount NUMERIC(18, 2) NOT NULL,
        occurred_at timestamptz NOT NULL,
        recorded_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_capital_events PRIMARY KEY (capital_event_id),
        CONSTRAINT fk_capital_events_desk_id FOREIGN KEY(desk_id) REFERENCES system_state (desk_id)
    )
    """,
    "CREATE INDEX ix_capital_events_desk_id ON capital_events (desk_id)",
    """
    CREATE TABLE strategies (
        desk_id TEXT NOT NULL,
        strategy_id TEXT NOT NULL,
        name TEXT NOT NULL,
        enabled BOOLEAN NOT NULL,
        config JSONB NOT NULL,
        performance JSONB NOT NULL,
        CONSTRAINT pk_strategies PRIMARY KEY (desk_id, strategy_id),
        CONSTRAINT fk_strategies_desk_id FOREIGN KEY(desk_id) REFERENCES system_state (desk_id)
    )
    """,
    """
    CREATE TABLE equity_marks (
        desk_id TEXT NOT NULL,
        marked_at timestamptz NOT NULL,
        equity NUMERIC(18, 2) NOT NULL,
        cash NUMERIC(18, 2) NOT NULL,
        CONSTRAINT pk_equity_marks PRIMARY KEY (desk_id, marked_at),
        CONSTRAINT fk_equity_marks_desk_id FOREIGN KEY(desk_id) REFERENCES system_state (desk_id)
    )
    """,
    """
    CREATE TABLE snapshots (
        snapshot_id TEXT NOT NULL,
        provider TEXT NOT NULL,
        adjustment TEXT NOT NULL,
        synthetic BOOLEAN NOT NULL,
        as_of timestamptz NOT NULL,
        taken_at timestamptz NOT NULL,
        body JSON NOT NULL,
        CONSTRAINT pk_snapshots PRIMARY KEY (snapshot_id)
    )
    """,
    "CREATE INDEX ix_snapshots_as_of ON snapshots (as_of)",
    """
    CREATE TABLE model_calls (
        call_id TEXT NOT NULL,
        agent TEXT NOT NULL,
        model TEXT NOT NULL,
        prompt_version TEXT NOT NULL,
        parameters JSON NOT NULL,
        system_text TEXT NOT NULL,
        user_text TEXT NOT NULL,
        facts JSON NOT NULL,
        answer_schema JSON NOT NULL,
        reply_text TEXT NOT NULL,
        reply_model TEXT NOT NULL,
        replied_at timestamptz NOT NULL,
        latency_seconds DOUBLE PRECISION NOT NULL,
        CONSTRAINT pk_model_calls PRIMARY KEY (call_id)
    )
    """,
    "CREATE INDEX ix_model_calls_agent_replied_at ON model_calls (agent, replied_at)",
    """
    CREATE TABLE paper_orders (
        client_order_id TEXT NOT NULL,
        number BIGINT GENERATED ALWAYS AS IDENTITY,
        desk_id TEXT NOT NULL,
        symbol TEXT NOT NULL,
        side TEXT NOT NULL,
        leg TEXT NOT NULL,
        kind TEXT NOT NULL,
        quantity NUMERIC NOT NULL,
        limit_price NUMERIC,
        stop_price NUMERIC,
        stop NUMERIC,
        target NUMERIC,
        parent_id TEXT,
        as_of timestamptz NOT NULL,
        state TEXT NOT NULL,
        filled_quantity NUMERIC NOT NULL,
        fill_count INTEGER NOT NULL,
        met_at timestamptz,
        reason TEXT,
        received_at timestamptz NOT NULL,
        CONSTRAINT pk_paper_orders PRIMARY KEY (client_order_id),
        CONSTRAINT ck_paper_orders_quantity_positive CHECK (quantity > 0),
        CONSTRAINT ck_paper_orders_never_over_filled CHECK (filled_quantity BETWEEN 0 AND quantity),
        CONSTRAINT ck_paper_orders_known_side CHECK (side IN ('buy', 'sell')),
        CONSTRAINT uq_paper_orders_number UNIQUE (number),
        CONSTRAINT fk_paper_orders_parent_id FOREIGN KEY(parent_id) REFERENCES paper_orders (client_order_id)
    )
    """,
    "CREATE INDEX ix_paper_orders_desk_id_symbol ON paper_orders (desk_id, symbol)",
    "CREATE INDEX ix_paper_orders_open ON paper_orders (symbol) WHERE state IN ('accepted', 'partially_filled')",
    "CREATE INDEX ix_paper_orders_parent_id ON paper_orders (parent_id)",
    """
    CREATE TABLE paper_fills (
        fill_id TEXT NOT NULL,
        number BIGINT GENERATED ALWAYS AS IDENTITY,
        client_order_id TEXT NOT NULL,
        symbol TEXT NOT NULL,
        side TEXT NOT NULL,
        quantity NUMERIC NOT NULL,
        price NUMERIC NOT NULL,
        commission NUMERIC NOT NULL,
        filled_at timestamptz NOT NULL,
        CONSTRAINT pk_paper_fills PRIMARY KEY (fill_id),
        CONSTRAINT ck_paper_fills_amounts_positive CHECK (quantity > 0 AND price > 0),
        CONSTRAINT uq_paper_fills_number UNIQUE (number),
        CONSTRAINT fk_paper_fills_client_order_id FOREIGN KEY(client_order_id) REFERENCES paper_orders (client_order_id)
    )
    """,
    "CREATE INDEX ix_paper_fills_client_order_id_number ON paper_fills (client_order_id, number)",
)

# Nobody changes the log, not even its owner: one must first disable the trigger, and the chain of hashes still tells.
APPEND_ONLY = (
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% on %: the audit log is only ever appended to', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END
    $$
    """,
    """
    CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
    """,
    """
    CREATE TRIGGER events_never_empty BEFORE TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
)

# Roles belong to the whole server: another of its databases may have made this one, and at this very moment.
ROLE = (
    """
    DO $$
    BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'trading_app') THEN
            CREATE ROLE trading_app NOLOGIN;
        END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;
    END
    $$
    """,
    """
    DO $$
    BEGIN
        IF NOT pg_has_role(current_user, 'trading_app', 'SET') THEN
            EXECUTE format('GRANT trading_app TO %I', current_user);
        END IF;
    END
    $$
    """,
)

KEPT = "events, fills, capital_events, equity_marks, snapshots, model_calls, paper_fills"
CHANGED = "system_state, portfolio_state, positions, orders, trades, strategies, paper_orders"
GRANTS = (
    "GRANT USAGE ON SCHEMA public TO trading_app",
    f"GRANT SELECT, INSERT ON {KEPT} TO trading_app",
    f"GRANT SELECT, INSERT, UPDATE ON {CHANGED} TO trading_app",
    # A moment that is marked twice, before the orders and after them, keeps the later mark.
    "GRANT UPDATE (equity, cash) ON equity_marks TO trading_app",
    # A fill that arrives late or is taken back cuts a symbol's trades anew.
    "GRANT DELETE ON trades TO trading_app",
    "GRANT SELECT ON alembic_version TO trading_app",
)


def upgrade() -> None:
    for statement in (*TABLES, *APPEND_ONLY, *ROLE, *GRANTS):
        op.execute(statement)
