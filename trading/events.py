"""The audit log: what happened, in the past tense, numbered without holes and chained so that an edit is found."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, AwareDatetime, JsonValue

from trading.money import DeskId, Identifier, Record

GENESIS = "0" * 64


def printable(text: str) -> str:
    """The text without what no database takes: NUL and half a surrogate pair become U+FFFD."""
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def storable(value: JsonValue) -> JsonValue:
    """The one form of a value that every store gives back as it took it, so that its hash still holds.

    A whole number is an integer, a text is printable. Raises ValueError on NaN and infinity.
    """
    match value:
        case dict():
            return {printable(key): storable(item) for key, item in value.items()}
        case list():
            return [storable(item) for item in value]
        case str():
            return printable(value)
        case float() if not math.isfinite(value):
            message = "an event holds only finite numbers"
            raise ValueError(message)
        case float() if value.is_integer():
            return int(value)
    return value


class EventType(StrEnum):
    """Every kind of line in the audit log."""

    DESK_OPENED = "DeskOpened"
    TRADING_STATE_CHANGED = "TradingStateChanged"
    CYCLE_STARTED = "CycleStarted"
    CYCLE_SKIPPED = "CycleSkipped"
    CYCLE_COMPLETED = "CycleCompleted"
    CYCLE_FAILED = "CycleFailed"
    SNAPSHOT_TAKEN = "SnapshotTaken"
    SYMBOL_DROPPED = "SymbolDropped"
    SIGNAL_GENERATED = "SignalGenerated"
    AGENT_ABSTAINED = "AgentAbstained"
    CONSTRAINT_APPLIED = "ConstraintApplied"
    RISK_ASSESSED = "RiskAssessed"
    VALIDATION_COMPLETE = "ValidationComplete"
    ARGUMENT_MADE = "ArgumentMade"
    META_AGENT_DECISION = "MetaAgentDecision"
    RULE_DECISION = "RuleDecision"
    OPERATOR_DECISION = "OperatorDecision"
    ORDER_INTENDED = "OrderIntended"
    ORDER_DENIED = "OrderDenied"
    ORDER_SUBMITTED = "OrderSubmitted"
    ORDER_UNKNOWN = "OrderUnknown"
    ORDER_ACCEPTED = "OrderAccepted"
    ORDER_REJECTED = "OrderRejected"
    ORDER_CANCELLED = "OrderCancelled"
    ORDER_EXPIRED = "OrderExpired"
    TRADE_EXECUTED = "TradeExecuted"
    CAPITAL_CHANGED = "CapitalChanged"
    POSITION_ADJUSTED = "PositionAdjusted"
    AUDIT_FINDING = "AuditFinding"
    DIFFERENCE_FOUND = "DifferenceFound"
    ORDER_IGNORED = "OrderIgnored"
    ALERT_RAISED = "AlertRaised"
    ALERT_ACKNOWLEDGED = "AlertAcknowledged"
    BREAKER_CHANGED = "BreakerChanged"
    SHADOW_OPENED = "ShadowTradeOpened"
    SHADOW_CLOSED = "ShadowTradeClosed"
    PRICE_MOVED = "PriceMoved"
    DAY_CLOSED = "DayClosed"
    WEEK_REPORTED = "WeekReported"
    STRATEGY_CHANGED = "StrategyChanged"
    STRATEGY_STATE_CHANGED = "StrategyStateChanged"
    CAPITAL_ALLOCATED = "CapitalAllocated"
    APPROVAL_ASKED = "ApprovalAsked"
    APPROVAL_ENDED = "ApprovalEnded"
    BUDGET_DEGRADED = "BudgetDegraded"
    OPERATOR_NOTE = "OperatorNote"
    LESSON_LEARNED = "LessonLearned"
    MEMORY_AWAY = "MemoryAway"
    TOKEN_CREATED = "TokenCreated"  # noqa: S105  a kind of line
    TOKEN_REVOKED = "TokenRevoked"  # noqa: S105  as above


DECISIONS = (EventType.META_AGENT_DECISION, EventType.RULE_DECISION, EventType.OPERATOR_DECISION)
"""Who has the last word of a cycle: the MetaAgent, a rule, or the person who proposed the trade."""


class Event(Record):
    """One line of the audit log, before it has its place.

    `event_id` is a pure function of what happened, so writing it twice writes it once. `aggregate_id` is the cycle it
    belongs to, or the desk. Keys of `data` that end in `_at`, `_id` or `_ids` say when and under which name; the rest
    says what.
    """

    event_id: Identifier
    desk_id: DeskId
    aggregate_id: Identifier
    type: EventType
    trace_id: Identifier
    occurred_at: AwareDatetime
    data: Annotated[dict[str, JsonValue], AfterValidator(storable)]


class Occasion(NamedTuple):
    """What happened to a desk as a whole: `key` tells apart events of one type, and names this one for good."""

    desk_id: str
    key: object
    at: datetime
    trace_id: str = "none"


def desk_event(kind: EventType, occasion: Occasion, data: dict[str, Any]) -> Event:
    """An event of the desk, not of one of its cycles."""
    desk_id, key, at, trace_id = occasion
    return Event(
        event_id=f"{desk_id}/{kind}/{key}",
        desk_id=desk_id,
        aggregate_id=desk_id,
        type=kind,
        trace_id=trace_id,
        occurred_at=at,
        data=data,
    )


class StoredEvent(Record):
    """A line in its place.

    `position` counts 1…n in its aggregate, `sequence` 1…n in its desk, `hash` seals it to `previous_hash`.
    """

    event: Event
    position: int
    sequence: int
    content_hash: str
    previous_hash: str
    hash: str


def canonical(value: Any) -> str:
    """One text for one JSON value: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def content_hash(event: Event) -> str:
    """The hash of what was said, whenever and under whatever ids: the same run on a fresh desk gives the same."""
    return _digest(event.type, canonical(_timeless(event.data)))


def chain_hash(event: Event, *, position: int, sequence: int, previous_hash: str) -> str:
    """The seal of an event in its place: of all it says, its number and everything before it."""
    sealed = {
        "event_id": event.event_id,
        "desk_id": event.desk_id,
        "aggregate_id": event.aggregate_id,
        "type": event.type,
        "trace_id": event.trace_id,
        "occurred_at": event.occurred_at.timestamp(),
        "data": event.data,
        "position": position,
        "sequence": sequence,
    }
    return _digest(previous_hash, canonical(sealed))


def seal(event: Event, *, position: int, sequence: int, previous_hash: str) -> StoredEvent:
    """Put an event in its place."""
    return StoredEvent(
        event=event,
        position=position,
        sequence=sequence,
        content_hash=content_hash(event),
        previous_hash=previous_hash,
        hash=chain_hash(event, position=position, sequence=sequence, previous_hash=previous_hash),
    )


class Chain:
    """A desk's log as it is read from its beginning, and what it must be followed by."""

    def __init__(self) -> None:
        self.count = 0
        self.head = GENESIS
        self._positions: dict[str, int] = {}

    def joined(self, stored: StoredEvent) -> list[str]:
        """Take the next line, and say what is wrong with it: a hole, an edit, a seal that does not join."""
        event, wrong = stored.event, list[str]()
        self.count += 1
        position = self._positions[event.aggregate_id] = self._positions.get(event.aggregate_id, 0) + 1
        if stored.sequence != self.count or stored.position != position:
            wrong.append(
                f"{event.event_id}: numbered {stored.sequence}/{stored.position}, expected {self.count}/{position}"
            )
        if stored.previous_hash != self.head:
            wrong.append(f"{event.event_id}: does not join the event before it")
        expected = seal(event, position=stored.position, sequence=stored.sequence, previous_hash=stored.previous_hash)
        if stored != expected:
            wrong.append(f"{event.event_id}: its content is not what was sealed")
        self.head = stored.hash
        return wrong


def broken_links(events: Iterable[StoredEvent]) -> list[str]:
    """What is wrong with a desk's whole log, in its order.

    Holes, edits, a chain that does not join; empty when sound.
    """
    chain = Chain()
    return [wrong for stored in events for wrong in chain.joined(stored)]


# What an intent counted of the last minute and the day: the same run, made more slowly, counts other orders.
_RECENT = "recent"


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _timeless(v) for k, v in value.items() if not k.endswith(("_at", "_id", "_ids")) and k != _RECENT}
    if isinstance(value, list):
        return [_timeless(item) for item in value]
    return value


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
