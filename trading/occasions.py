"""What in a desk's log somebody should hear of although nobody said so: read in the log's order, each line once.

Whoever knows that a person must look raises an alert by itself: the breaker, the reconciliation, the order whose fate
is unknown. Here is what shows only when a line is read beside those before it.

| line | alert |
|---|---|
| `OrderRejected` | a warning; the same words of the broker are one reason |
| `CycleFailed` | a warning, unless the cycle before it failed of the same; skipped cycles say nothing |
| `CycleCompleted` after failed ones | an information: it works again |
| `AuditFinding` | critical where money may have moved wrongly, else a warning |
| `TradingStateChanged` by a person | an information |

A position that is too large stands in no line: it is seen in the books, and told once until it is smaller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Field, JsonValue

from trading.alerts import Alert, Severity, Topic
from trading.books import GRAVE
from trading.breaker import TradingState
from trading.events import EventType
from trading.instruments import Symbol
from trading.judging import BREAKER
from trading.money import MOST_TEXT, Record
from trading.portfolio import Portfolio, Position
from trading.strategy import AGENTS

ALERTS = "alerts"
"""Who changes the trading state when nobody reads the alerts."""
UNREAD = "nobody reads the alerts"
"""The kind of the alert that says so."""
# These raise an alert of their own when they change the state; everybody else is a person.
_TELL_THEMSELVES = frozenset({BREAKER, ALERTS, "audit", "limits", "orders", "reconciliation"})


class Entry(Record):
    """A line of the desk's log, as far as it is looked at here."""

    sequence: int
    type: EventType
    aggregate_id: str
    occurred_at: AwareDatetime
    data: dict[str, JsonValue]

    def said(self, name: str) -> str:
        """A word of its data, empty when there is none."""
        found = self.data.get(name)
        return "" if found is None else str(found)


class Failing(Record):
    """Cycles that fail of the same, one after the other: of what, since when, and how many by now."""

    of: str
    since_at: AwareDatetime
    count: Annotated[int, Field(ge=1)] = 1


def _by_strategy(failing: object) -> object:
    """What fails by strategy; what was remembered before a desk had several is of its first one."""
    return {AGENTS: failing} if isinstance(failing, dict) and "of" in failing else failing or {}


class Noticed(Record):
    """What is remembered between two looks: how far the log was read, whose cycles fail, which positions were told."""

    read_to: Annotated[int, Field(ge=0)] = 0
    failing: Annotated[dict[str, Failing], BeforeValidator(_by_strategy)] = Field(default_factory=dict)
    large: tuple[Symbol, ...] = ()


class Occasion(Record):
    """An alert that is to be raised, as of the moment of what it tells."""

    alert: Alert
    at: AwareDatetime


READ = (
    EventType.ORDER_REJECTED,
    EventType.CYCLE_FAILED,
    EventType.CYCLE_COMPLETED,
    EventType.AUDIT_FINDING,
    EventType.TRADING_STATE_CHANGED,
)
"""The kinds of lines that are looked at."""


def read_on(noticed: Noticed, entries: Iterable[Entry]) -> tuple[Noticed, tuple[Occasion, ...]]:
    """What is remembered after these lines, and what they give reason to raise."""
    found: list[Occasion] = []
    for entry in entries:
        noticed, alert = _read(noticed.model_copy(update={"read_to": entry.sequence}), entry)
        if alert is not None:
            found.append(Occasion(alert=alert, at=entry.occurred_at))
    return noticed, tuple(found)


def look_at(noticed: Noticed, held: Portfolio, most: float, at: datetime) -> tuple[Noticed, tuple[Occasion, ...]]:
    """The positions that are more than this fraction of equity; each is told once, until it is not any more."""
    shares = {position.symbol: _share(position, held.equity) for position in held.positions if position.quantity}
    large = {symbol: share for symbol, share in shares.items() if share > Decimal(str(most))}
    found = tuple(
        Occasion(
            alert=Alert(
                topic=Topic.POSITION,
                key=f"large-{symbol}-{at:%Y%m%dT%H%M%S}",
                reason=f"{symbol} is {share:.1%} of equity, more than {most:.1%}",
                severity=Severity.WARNING,
                kind=f"large position {symbol}",
            ),
            at=at,
        )
        for symbol, share in large.items()
        if symbol not in noticed.large
    )
    return noticed.model_copy(update={"large": tuple(sorted(large))}), found


def unread(number: int, reason: str, minutes: int) -> Alert:
    """The alert that nobody has acknowledged another one."""
    words = f"nobody has acknowledged alert {number} for {minutes} minutes: {reason}"
    return Alert(topic=Topic.SYSTEM, key=f"unread-{number}", reason=words[:MOST_TEXT], kind=UNREAD)


def dead_channel(channel: str, reason: str, at: datetime) -> Alert:
    """The alert that one channel does not work; the others tell it."""
    return Alert(
        topic=Topic.SYSTEM,
        key=f"channel-{channel}-{at:%Y%m%dT%H%M%S}",
        reason=f"alerts do not arrive by {channel}: {reason}"[:MOST_TEXT],
        severity=Severity.WARNING,
        kind=f"dead channel {channel}",
    )


def _read(noticed: Noticed, entry: Entry) -> tuple[Noticed, Alert | None]:
    match entry.type:
        case EventType.CYCLE_FAILED:
            return _failed(noticed, entry)
        case EventType.CYCLE_COMPLETED:
            return _without(noticed, _whose(entry)), _works_again(noticed, entry)
    told = _TOLD_ALONE.get(entry.type)
    return noticed, told(entry) if told else None


def _failed(noticed: Noticed, entry: Entry) -> tuple[Noticed, Alert | None]:
    code = entry.said("code")
    of = code or entry.said("reason").partition(":")[0][:160]
    whose, failing = _whose(entry), noticed.failing.get(_whose(entry))
    if failing is not None and failing.of == of:
        return _with(noticed, whose, failing.model_copy(update={"count": failing.count + 1})), None
    reason = f"cycle {entry.aggregate_id} failed: {entry.said('reason')}"
    alert = _alert(Topic.SYSTEM, f"cycle-failed-{entry.sequence}", reason, Severity.WARNING, f"cycle failed: {of}")
    return _with(noticed, whose, Failing(of=of, since_at=entry.occurred_at)), alert


def _works_again(noticed: Noticed, entry: Entry) -> Alert | None:
    failed = noticed.failing.get(_whose(entry))
    if failed is None:
        return None
    since = f"{failed.since_at:%Y-%m-%d %H:%M} UTC ({failed.of})"
    reason = f"cycles of {_whose(entry)} run again: {failed.count} had failed since {since}"
    return _alert(Topic.SYSTEM, f"cycle-works-{entry.sequence}", reason, Severity.INFO)


def _whose(entry: Entry) -> str:
    """The strategy of a cycle: that one's cycles fail says nothing of another's."""
    return entry.said("strategy_id") or AGENTS


def _with(noticed: Noticed, whose: str, failing: Failing) -> Noticed:
    return noticed.model_copy(update={"failing": {**noticed.failing, whose: failing}})


def _without(noticed: Noticed, whose: str) -> Noticed:
    return noticed.model_copy(
        update={"failing": {name: failing for name, failing in noticed.failing.items() if name != whose}}
    )


def _rejected(entry: Entry) -> Alert:
    why = entry.said("reason") or "it does not say why"
    reason = f"{entry.said('side')} {entry.said('quantity')} {entry.said('symbol')} was rejected: {why}"
    return _alert(Topic.ORDER, f"rejected-{entry.sequence}", reason, Severity.WARNING, f"rejected: {why}")


def _finding(entry: Entry) -> Alert:
    invariant = entry.said("invariant")
    severity = Severity.CRITICAL if invariant in GRAVE else Severity.WARNING
    reason = f"the audit finds {invariant} broken at {entry.said('about')}: {entry.said('found')}"
    return _alert(Topic.SYSTEM, f"finding-{entry.sequence}", reason, severity, f"finding {invariant}")


def _stated(entry: Entry) -> Alert | None:
    """A person has stopped the desk; that one lets it go on is told where that is done."""
    by, state = entry.said("changed_by"), entry.said("state")
    if by in _TELL_THEMSELVES or state == TradingState.ACTIVE:
        return None
    reason = f"{state} on the word of {by}: {entry.said('reason')}"
    return _alert(Topic.BREAKER, f"stated-{entry.sequence}", reason, Severity.INFO)


def _alert(topic: Topic, key: str, reason: str, severity: Severity, kind: str = "") -> Alert:
    return Alert(topic=topic, key=key, reason=reason[:MOST_TEXT], severity=severity, kind=kind[:200])


def _share(position: Position, equity: Decimal) -> Decimal:
    """A position as a fraction of equity, whichever way it points; all of it when there is no equity left."""
    return abs(position.value) / equity if equity > 0 else Decimal(1)


_TOLD_ALONE: dict[EventType, Callable[[Entry], Alert | None]] = {
    EventType.ORDER_REJECTED: _rejected,
    EventType.AUDIT_FINDING: _finding,
    EventType.TRADING_STATE_CHANGED: _stated,
}
