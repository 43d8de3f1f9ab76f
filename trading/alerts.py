"""Alerts: what a person is told, how urgent it is, and what it is about."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from trading.events import Event, EventType
from trading.money import Identifier, Record, Text


class Severity(StrEnum):
    """How soon somebody must look. A critical alert wants to be acknowledged."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Topic(StrEnum):
    """What an alert is about."""

    BREAKER = "breaker"
    ORDER = "order"
    POSITION = "position"
    RECONCILIATION = "reconciliation"
    DAILY_SUMMARY = "daily_summary"
    WEEKLY_REPORT = "weekly_report"
    SYSTEM = "system"
    SPEND = "spend"


class Alert(Record):
    """What a person is told. `key` names the occasion within the desk, so that it is told once."""

    topic: Topic
    key: Identifier
    reason: Text
    severity: Severity = Severity.CRITICAL


def alert_raised(desk_id: str, alert: Alert, at: datetime) -> Event:
    """Somebody must look at the desk."""
    return Event(
        event_id=f"{desk_id}/{EventType.ALERT_RAISED}/{alert.key}",
        desk_id=desk_id,
        aggregate_id=desk_id,
        type=EventType.ALERT_RAISED,
        trace_id="none",
        occurred_at=at,
        data=alert.model_dump(mode="json", exclude={"key"}),
    )
