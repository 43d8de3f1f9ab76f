"""A ledger of what models cost: reserved before each call, settled after."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0014"
branch_labels = None
depends_on = None

COUNTED = "CASE state WHEN 'released' THEN 0 WHEN 'settled' THEN settled_{0} ELSE reserved_{0} END"
STATEMENTS = (
    f"""
    CREATE TABLE model_spend (
        cycle_id TEXT NOT NULL,
        call_id TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        desk_id TEXT NOT NULL,
        strategy_id TEXT NOT NULL,
        agent TEXT NOT NULL,
        model TEXT NOT NULL,
        state TEXT NOT NULL,
        reserved_usd NUMERIC(18, 9) NOT NULL,
        reserved_tokens BIGINT NOT NULL,
        settled_usd NUMERIC(18, 9),
        settled_tokens BIGINT,
        is_priced BOOLEAN NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        counted_usd NUMERIC(18, 9) NOT NULL GENERATED ALWAYS AS ({COUNTED.format("usd")}) STORED,
        counted_tokens BIGINT NOT NULL GENERATED ALWAYS AS ({COUNTED.format("tokens")}) STORED,
        CONSTRAINT pk_model_spend PRIMARY KEY (cycle_id, call_id, attempt),
        CONSTRAINT ck_model_spend_known_state CHECK (state IN ('reserved', 'settled', 'released', 'lost')),
        CONSTRAINT ck_model_spend_not_negative CHECK (reserved_usd >= 0 AND reserved_tokens >= 0 AND attempt > 0),
        CONSTRAINT ck_model_spend_settled_says_what CHECK (
            (state = 'settled') = (settled_usd IS NOT NULL) AND (settled_usd IS NULL) = (settled_tokens IS NULL))
    )
    """,
    "CREATE INDEX ix_model_spend_desk_id_at ON model_spend (desk_id, at)",
    "CREATE INDEX ix_model_spend_reserved ON model_spend (desk_id) WHERE state = 'reserved'",
    "GRANT SELECT, INSERT, UPDATE ON model_spend TO trading_app",
    # What was paid before counts on: against this day's and this month's budgets, and in what is shown.
    """
    INSERT INTO model_spend (cycle_id, call_id, attempt, desk_id, strategy_id, agent, model, state, reserved_usd,
        reserved_tokens, settled_usd, settled_tokens, is_priced, at)
    SELECT cycle_id, call_id, 1, desk_id, 'agents', agent, model, 'settled', coalesce(cost_usd, 0),
        coalesce(input_tokens + output_tokens, 0), coalesce(cost_usd, 0), coalesce(input_tokens + output_tokens, 0),
        cost_usd IS NOT NULL, replied_at
    FROM model_calls WHERE desk_id IS NOT NULL AND cycle_id IS NOT NULL AND model NOT LIKE 'rules-%'
    """,
    # Whether a budget was told of is known by the alert itself.
    "UPDATE alert_readings SET noticed = noticed - 'spent_on'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
