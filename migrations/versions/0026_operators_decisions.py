"""What a person decided, beside what the agents and rules did: a column of what an inquiry may look up."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_SAID = "string_agg({}, '; ' ORDER BY sequence) FILTER (WHERE type = '{}')"
_VERDICT = "concat_ws(' ', data ->> 'verdict', data ->> 'quantity')"
_RISK = """concat_ws(' ', CASE data ->> 'approved' WHEN 'true' THEN 'approved' ELSE 'refused' END, data ->> 'quantity',
    'risk', data ->> 'risk_score')"""
_VALIDATOR = """concat_ws(' ', CASE data ->> 'approved' WHEN 'true' THEN 'approved' ELSE 'rejected' END,
    data ->> 'confidence')"""
_SPOKEN = {
    "signal": ("concat_ws(' ', data ->> 'action', data ->> 'confidence')", "SignalGenerated"),
    "constrained": ("concat_ws(' ', data ->> 'limit', data ->> 'before', 'to', data ->> 'after')", "ConstraintApplied"),
    "risk": (_RISK, "RiskAssessed"),
    "validator": (_VALIDATOR, "ValidationComplete"),
    "meta": (_VERDICT, "MetaAgentDecision"),
    "rule": (_VERDICT, "RuleDecision"),
    "operator": (_VERDICT, "OperatorDecision"),
    "abstained": ("concat_ws(' ', data ->> 'agent', data ->> 'cause')", "AgentAbstained"),
    "dropped": ("data ->> 'reason'", "SymbolDropped"),
}
_COLUMNS = ", ".join(f"{_SAID.format(*said)} AS {name}" for name, said in _SPOKEN.items())
_TYPES = ", ".join(f"'{kind}'" for _, kind in _SPOKEN.values())
DECISIONS = f"""
    SELECT desk_id, aggregate_id AS cycle_id, data ->> 'symbol' AS symbol, max(data ->> 'strategy_id') AS strategy_id,
        coalesce(min(occurred_at) FILTER (WHERE type <> 'TradeExecuted'), min(occurred_at)) AS decided_at,
        {_COLUMNS},
        string_agg(DISTINCT CASE type WHEN 'OrderIntended' THEN 'intended' WHEN 'OrderDenied' THEN 'denied'
            WHEN 'OrderRejected' THEN 'rejected' WHEN 'TradeExecuted' THEN 'filled' END, ', ') AS became,
        max(data ->> 'client_order_id') FILTER (WHERE type IN ('OrderIntended', 'OrderDenied')) AS order_id,
        (array_agg(event_id ORDER BY sequence DESC))[1] AS event_id
    FROM events
    WHERE aggregate_id <> desk_id AND data ->> 'symbol' IS NOT NULL
        AND type IN ({_TYPES}, 'OrderIntended', 'OrderDenied', 'OrderRejected', 'TradeExecuted')
    GROUP BY desk_id, aggregate_id, data ->> 'symbol'
"""  # noqa: S608  our own words


def upgrade() -> None:
    op.execute("DROP VIEW reading.decisions")
    op.execute(f"CREATE VIEW reading.decisions AS {DECISIONS}")
    op.execute("GRANT SELECT ON reading.decisions TO trading_reader")
