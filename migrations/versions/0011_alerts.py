"""Alerts: how far the log was read for them, which channels there are, and what each was told."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE alert_readings (
        desk_id TEXT NOT NULL,
        noticed JSONB NOT NULL,
        CONSTRAINT pk_alert_readings PRIMARY KEY (desk_id),
        CONSTRAINT fk_alert_readings_desk_id FOREIGN KEY(desk_id) REFERENCES system_state (desk_id)
    )
    """,
    """
    CREATE TABLE alert_channels (
        desk_id TEXT NOT NULL,
        channel TEXT NOT NULL,
        told_to INTEGER NOT NULL,
        CONSTRAINT pk_alert_channels PRIMARY KEY (desk_id, channel),
        CONSTRAINT fk_alert_channels_desk_id FOREIGN KEY(desk_id) REFERENCES system_state (desk_id)
    )
    """,
    """
    CREATE TABLE alert_deliveries (
        desk_id TEXT NOT NULL,
        channel TEXT NOT NULL,
        number INTEGER NOT NULL,
        outcome TEXT NOT NULL,
        message INTEGER NOT NULL,
        cause TEXT NOT NULL,
        severity TEXT NOT NULL,
        settled_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_alert_deliveries PRIMARY KEY (desk_id, channel, number),
        CONSTRAINT fk_alert_deliveries_desk_id FOREIGN KEY(desk_id) REFERENCES system_state (desk_id),
        CONSTRAINT ck_alert_deliveries_known_outcome CHECK (outcome IN ('told', 'passed', 'refused'))
    )
    """,
    """
    CREATE INDEX ix_alert_deliveries_desk_id_channel_settled_at
    ON alert_deliveries (desk_id, channel, settled_at)
    """,
    """
    CREATE INDEX ix_events_alerts ON events (desk_id, sequence)
    WHERE type IN ('AlertRaised', 'AlertAcknowledged')
    """,
    "GRANT SELECT, INSERT, UPDATE ON alert_readings, alert_channels, alert_deliveries TO trading_app",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
