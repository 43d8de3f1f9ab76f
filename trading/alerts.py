"""Alerts: what a person is told, how urgent it is, and what it is about."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from trading.events import Event, EventType, Occasion, desk_event
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
    APPROVAL = "approval"


class Alert(Record):
    """What a person is told. `key` names the occasion within the desk, so that it is told once.

    Alerts of one `kind` tell the same for as long as it lasts; without one, those do that differ in numbers only.
    """

    topic: Topic
    key: Identifier
    reason: Text
    severity: Severity = Severity.CRITICAL
    kind: Annotated[str, Field(max_length=200)] = ""


def alert_raised(desk_id: str, alert: Alert, at: datetime) -> Event:
    """Somebody must look at the desk."""
    told = alert.model_dump(mode="json", exclude={"key"} if alert.kind else {"key", "kind"})
    return desk_event(EventType.ALERT_RAISED, Occasion(desk_id, alert.key, at), told)


def alert_acknowledged(desk_id: str, number: int, by: str, at: datetime) -> Event:
    """A person has seen the alert that is the event of this number in the desk's log; whoever says so first."""
    return desk_event(EventType.ALERT_ACKNOWLEDGED, Occasion(desk_id, number, at), {"number": number, "by": by})
