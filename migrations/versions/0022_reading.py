"""What an inquiry may look up: views in a schema of their own, and a role that sees nothing else.

Each view names its columns, and has the desk's id among them. Whoever changes the type of a column below must drop the
view first, and make it anew.
"""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# As it stands, under the table's own name: what reads the tables reads the views as well.
PLAIN = {
    "events": """desk_id, sequence, event_id, aggregate_id, position, type, trace_id, occurred_at, recorded_at, data,
        data ->> 'symbol' AS symbol, coalesce(data ->> 'strategy_id', data ->> 'strategy') AS strategy_id""",
    "orders": """desk_id, client_order_id, strategy_id, cycle_id, parent_id, symbol, side, leg, kind, quantity,
        filled_quantity, state, told_state, broker_order_id, reason, request, breaches, recorded_at""",
    "fills": """desk_id, fill_id, client_order_id, symbol, side, quantity, price, commission, cash_change, filled_at,
        reverses, recorded_at""",
    "trades": """desk_id, trade_id, strategy_id, symbol, side, opened_at, closed_at, quantity, closed_quantity,
        entry_price, exit_price, realised_pnl, entry_order_id, exit_order_id, exit_reason, scores, outcome""",
    "positions": """desk_id, symbol, sector, quantity, cost_basis, realised_pnl, mark, marked_at,
        round(quantity * mark, 2) AS value""",
    "capital_events": "desk_id, capital_event_id, kind, amount, occurred_at, recorded_at, symbol, reason",
    "adjustments": """desk_id, adjustment_id, symbol, kind, ratio, fractions, quantity, cost, effective_at, evidence,
        recorded_at, strategy_id""",
    "allocations": """desk_id, allocation_id, strategy_id, amount, allocation, desk_equity, allocated_at,
        recorded_at""",
    "equity_marks": "desk_id, marked_at, equity, cash, flow_count",
    "daily_closes": """desk_id, session_on, closes_at, until_at, equity, paid_in, flow_count, benchmark_return, body,
        recorded_at, (body ->> 'cash')::numeric AS cash, (body ->> 'day_return')::double precision AS day_return,
        (body #>> '{pnl,day}')::numeric AS pnl_day, (body #>> '{pnl,week}')::numeric AS pnl_week,
        (body #>> '{pnl,month}')::numeric AS pnl_month, (body #>> '{pnl,opening}')::numeric AS pnl_opening""",
    "model_spend": """desk_id, cycle_id, call_id, attempt, strategy_id, agent, model, state, reserved_usd, settled_usd,
        settled_tokens, is_priced, at, counted_usd, counted_tokens""",
    "model_calls": """desk_id, cycle_id, call_id, agent, model, prompt_version, prompt_hash, reply_model, replied_at,
        latency_seconds, stop, detail, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens,
        cost_usd""",
    "strategies": """desk_id, strategy_id, config, performance, breaker, config ->> 'source' AS source,
        config ->> 'rung' AS rung, (config ->> 'allocation')::numeric AS allocation,
        coalesce((config ->> 'enabled')::boolean, true) AS enabled,
        coalesce(breaker ->> 'state', 'ACTIVE') AS trading_state""",
    "memories": """desk_id, memory_id, strategy_id, setup ->> 'cycle_id' AS cycle_id, symbol, side, leg, course,
        decided_at, resolved_at, won, setup ->> 'sector' AS sector, setup ->> 'order_id' AS order_id,
        (setup ->> 'price')::numeric AS price, (setup ->> 'decided')::numeric AS decided,
        (outcome ->> 'return_fraction')::double precision AS return_fraction,
        (outcome ->> 'benchmark_return')::double precision AS benchmark_return,
        (outcome ->> 'pnl')::numeric AS pnl, (outcome ->> 'sessions')::integer AS sessions,
        outcome ->> 'exit_reason' AS exit_reason, setup ->> 'reasoning' AS reasoning, lesson, setup, features,
        thought, outcome, embedding, embedder""",
    "system_state": "desk_id, trading_state, since_at, changed_by, reason, opened_at, event_count, breaker",
}

_SAID = "string_agg({}, '; ' ORDER BY sequence) FILTER (WHERE type = '{}')"
DECISIONS = f"""
    SELECT desk_id, aggregate_id AS cycle_id, data ->> 'symbol' AS symbol, max(data ->> 'strategy_id') AS strategy_id,
        coalesce(min(occurred_at) FILTER (WHERE type <> 'TradeExecuted'), min(occurred_at)) AS decided_at,
        {_SAID.format("concat_ws(' ', data ->> 'action', data ->> 'confidence')", "SignalGenerated")} AS signal,
        {
    _SAID.format("concat_ws(' ', data ->> 'limit', data ->> 'before', 'to', data ->> 'after')", "ConstraintApplied")
} AS constrained,
        {
    _SAID.format(
        "concat_ws(' ', CASE data ->> 'approved' WHEN 'true' THEN 'approved' ELSE 'refused' END, "
        "data ->> 'quantity', 'risk', data ->> 'risk_score')",
        "RiskAssessed",
    )
} AS risk,
        {
    _SAID.format(
        "concat_ws(' ', CASE data ->> 'approved' WHEN 'true' THEN 'approved' ELSE 'rejected' END, "
        "data ->> 'confidence')",
        "ValidationComplete",
    )
} AS validator,
        {_SAID.format("concat_ws(' ', data ->> 'verdict', data ->> 'quantity')", "MetaAgentDecision")} AS meta,
        {_SAID.format("concat_ws(' ', data ->> 'verdict', data ->> 'quantity')", "RuleDecision")} AS rule,
        {_SAID.format("concat_ws(' ', data ->> 'agent', data ->> 'cause')", "AgentAbstained")} AS abstained,
        {_SAID.format("data ->> 'reason'", "SymbolDropped")} AS dropped,
        string_agg(DISTINCT CASE type WHEN 'OrderIntended' THEN 'intended' WHEN 'OrderDenied' THEN 'denied'
            WHEN 'OrderRejected' THEN 'rejected' WHEN 'TradeExecuted' THEN 'filled' END, ', ') AS became,
        max(data ->> 'client_order_id') FILTER (WHERE type IN ('OrderIntended', 'OrderDenied')) AS order_id,
        (array_agg(event_id ORDER BY sequence DESC))[1] AS event_id
    FROM events
    WHERE aggregate_id <> desk_id AND data ->> 'symbol' IS NOT NULL AND type IN ('SignalGenerated',
        'ConstraintApplied', 'RiskAssessed', 'ValidationComplete', 'MetaAgentDecision', 'RuleDecision',
        'AgentAbstained', 'SymbolDropped', 'OrderIntended', 'OrderDenied', 'OrderRejected', 'TradeExecuted')
    GROUP BY desk_id, aggregate_id, data ->> 'symbol'
"""  # noqa: S608  our own words
BREAKER_CHANGES = """
    SELECT desk_id, event_id, sequence, occurred_at, type, data ->> 'strategy' AS strategy_id,
        data ->> 'state' AS state, data ->> 'changed_by' AS changed_by, data ->> 'reason' AS reason,
        data #> '{breaker,trips}' AS trips
    FROM events WHERE type IN ('TradingStateChanged', 'BreakerChanged', 'StrategyStateChanged')
"""
ALERTS = """
    SELECT e.desk_id, e.event_id, e.sequence AS number, e.occurred_at, e.data ->> 'severity' AS severity,
        e.data ->> 'topic' AS topic, e.data ->> 'reason' AS reason, a.data ->> 'by' AS acknowledged_by
    FROM events e LEFT JOIN events a
    ON a.event_id = e.desk_id || '/AlertAcknowledged/' || e.sequence AND a.desk_id = e.desk_id
    WHERE e.type = 'AlertRaised'
"""
VIEWS = {
    **{name: f"SELECT {columns} FROM {name}" for name, columns in PLAIN.items()},  # noqa: S608  our own words
    "decisions": DECISIONS,
    "breaker_changes": BREAKER_CHANGES,
    "alerts": ALERTS,
}

# As 0001 makes the application's role. Whoever may come as the application may come as the reader: it may less.
ROLE = (
    """
    DO $$
    BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'trading_reader') THEN
            CREATE ROLE trading_reader NOLOGIN;
        END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;
    END
    $$
    """,
    """
    DO $$
    DECLARE login name;
    BEGIN
        FOR login IN SELECT current_user UNION
            SELECT pg_get_userbyid(member) FROM pg_auth_members WHERE roleid = 'trading_app'::regrole
        LOOP
            IF NOT pg_has_role(login, 'trading_reader', 'SET') THEN
                EXECUTE format('GRANT trading_reader TO %I', login);
            END IF;
        END LOOP;
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO trading_reader', current_database());
    END
    $$
    """,
)


def upgrade() -> None:
    op.execute("CREATE SCHEMA IF NOT EXISTS reading")
    for name, query in VIEWS.items():
        op.execute(f"CREATE VIEW reading.{name} AS {query}")
    for statement in ROLE:
        op.execute(statement)
    # The operators by which memories are compared are in `public`; of its tables the reader sees none.
    op.execute("GRANT USAGE ON SCHEMA reading, public TO trading_reader")
    op.execute("GRANT SELECT ON ALL TABLES IN SCHEMA reading TO trading_reader")
