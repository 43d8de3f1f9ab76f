"""What a channel is due to be told now: a pure rule over the alerts it has not been told and what it was told lately.

| alert | is told |
|---|---|
| beneath the least severity, unless it is a question of approval | never; it is only listed |
| of a reason that was told within the cool-down | when that is over, as the newest with "n more" |
| critical, or a question of approval | at once and by itself, however much was told this hour |
| any other, while the hour has room | at once and by itself; the last place goes to all that wait, as one |
| any other, in an hour that is full | with all others when there is room again, as one |
| any other that is late, for a worker or the channel was away | with all others that are, as one |

Nothing is ever dropped: what is not told by itself is counted in something that is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from trading.agents.envelope import plain
from trading.alerts import Severity, Topic
from trading.money import DeskId, Record, Text

HOUR = timedelta(hours=1)
LATE = timedelta(minutes=15)
"""What nobody was told for so long is no longer news: it is summed up."""
MOST_TITLE = 160
MOST_BODY = 3000
MOST_LINES = 20
_LINE = 140
_SEVERITIES = (Severity.INFO, Severity.WARNING, Severity.CRITICAL)
_WORDS = re.compile(r"[^a-z]+")


class Raised(Record):
    """An alert in its place: `number` is that of its event in the desk's log."""

    number: int
    topic: Topic
    severity: Severity
    reason: Text
    kind: str = ""
    raised_at: AwareDatetime

    @property
    def is_question(self) -> bool:
        """Whether a person is asked for something: held back, it would be answered by silence."""
        return self.topic is Topic.APPROVAL

    @property
    def is_urgent(self) -> bool:
        """Whether it is told however much was told this hour."""
        return self.severity is Severity.CRITICAL or self.is_question

    @property
    def cause(self) -> str:
        """What alerts of the same reason have in common."""
        words = self.kind or _WORDS.sub(" ", self.reason.lower()).strip()
        return f"{self.severity}/{self.topic}/{words[:160]}"


class Notice(Record):
    """What a channel says: a line, and plain text of one or several lines. No line holds anything that is not seen."""

    desk_id: DeskId
    severity: Severity
    title: Annotated[str, Field(max_length=MOST_TITLE + 60)]
    body: Text
    raised_at: AwareDatetime


class Message(Record):
    """A notice with the alerts that it tells."""

    notice: Notice
    alerts: tuple[Raised, ...]


class Outcome(StrEnum):
    """What became of an alert on one channel."""

    TOLD = "told"
    PASSED = "passed"
    """Beneath what this channel is told."""
    REFUSED = "refused"


class Settled(Record):
    """What became of the alerts of one message, and when."""

    outcome: Outcome
    alerts: tuple[Raised, ...]
    at: AwareDatetime


class Delivery(Record):
    """What one channel did with an alert."""

    channel: str
    outcome: Outcome
    at: AwareDatetime


class AlertLine(Record):
    """An alert in one line: who was told, and who has seen it."""

    alert: Raised
    deliveries: tuple[Delivery, ...] = ()
    acknowledged_by: str | None = None
    acknowledged_at: AwareDatetime | None = None


class AlertRules(Record):
    """How much is told. `acknowledge_within` is the time in which a critical alert must be seen; None: no matter."""

    least: Severity = Severity.INFO
    cool_down: timedelta = timedelta(hours=1)
    per_hour: Annotated[int, Field(ge=1)] = 30
    acknowledge_within: timedelta | None = None
    large_position: Annotated[float, Field(gt=0, le=1)] = 0.15


class Inbox(Record):
    """What a channel has not been told, and what it was: each cause with its last time, and when it was sent anything.

    `lately` leaves out what was critical: that takes no place in the hour.
    """

    desk_id: DeskId
    waiting: tuple[Raised, ...] = ()
    told: Mapping[str, AwareDatetime] = {}
    lately: tuple[AwareDatetime, ...] = ()


class Plan(Record):
    """What to do about what waits: some is not for this channel, some is sent, in this order; the rest waits on."""

    passed: tuple[Raised, ...] = ()
    messages: tuple[Message, ...] = ()


def due(inbox: Inbox, rules: AlertRules, at: datetime) -> Plan:
    """What is due to a channel at this moment."""
    least = _SEVERITIES.index(rules.least)
    passed = tuple(one for one in inbox.waiting if _SEVERITIES.index(one.severity) < least and not one.is_question)
    meant = [one for one in inbox.waiting if one not in passed]
    ripe = [group for group in _by_cause(meant) if _is_over(inbox.told.get(group[-1].cause), rules.cool_down, at)]
    critical = [group for group in ripe if group[-1].is_urgent]
    others = [group for group in ripe if not group[-1].is_urgent]
    room = rules.per_hour - sum(at - one < HOUR for one in inbox.lately)
    singles, together = _shared_out(others, room, at)
    messages = [_single(inbox.desk_id, group) for group in (*critical, *singles)]
    if together:
        messages.append(_summed_up(inbox.desk_id, together))
    return Plan(passed=passed, messages=tuple(messages))


def _by_cause(alerts: Iterable[Raised]) -> list[list[Raised]]:
    """Alerts of one reason together, the oldest first in each and of all."""
    groups: dict[str, list[Raised]] = {}
    for one in sorted(alerts, key=lambda alert: alert.number):
        groups.setdefault(one.cause, []).append(one)
    return list(groups.values())


def _is_over(told_at: datetime | None, cool_down: timedelta, at: datetime) -> bool:
    return told_at is None or at - told_at >= cool_down


def _shared_out(
    groups: Sequence[list[Raised]], room: int, at: datetime
) -> tuple[list[list[Raised]], list[list[Raised]]]:
    """Which reasons are told by themselves, and which together, in no more messages than there is room for."""
    if room <= 0:
        return [], []
    late = [group for group in groups if at - group[-1].raised_at > LATE]
    fresh = [group for group in groups if at - group[-1].raised_at <= LATE]
    if len(late) == 1:
        late, fresh = [], list(groups)
    if len(fresh) + bool(late) <= room:
        return fresh, late
    return fresh[: room - 1], [*late, *fresh[room - 1 :]]


def _single(desk_id: str, group: Sequence[Raised]) -> Message:
    """One reason in full: its newest alert, how often it came, and what to do."""
    newest = group[-1]
    more = len(group) - 1
    told = [
        _body(newest.reason),
        *([f"{more} more of these since {_clock(group[0].raised_at)}."] if more else []),
        f"Alert {newest.number} ({newest.topic.replace('_', ' ')}), raised at {newest.raised_at:%Y-%m-%d %H:%M:%S} UTC."
        + (f" {_to_acknowledge(group)}" if newest.severity is Severity.CRITICAL else ""),
    ]
    more_words = f" (and {more} more)" if more else ""
    return _message(desk_id, group, newest.severity, f"{_headline(newest, MOST_TITLE - 20)}{more_words}", told)


def _to_acknowledge(group: Sequence[Raised]) -> str:
    """Each of them wants to be seen: one that is left out would stop the desk although somebody has read of it."""
    numbers = " ".join(str(one.number) for one in group) if len(group) <= MOST_LINES else "--all"
    return f"Acknowledge {'it' if len(group) == 1 else 'them'}: starter.py ack {numbers}"


def _summed_up(desk_id: str, groups: Sequence[Sequence[Raised]]) -> Message:
    """Several reasons in a line each."""
    alerts = [one for group in groups for one in group]
    lines = [
        f"{_clock(group[-1].raised_at)} {group[-1].severity}: {_headline(group[-1], _LINE)}"
        + (f" ({len(group)} times)" if len(group) > 1 else "")
        for group in groups[-MOST_LINES:]
    ]
    hidden = len(groups) - len(lines)
    rest = [f"… and {hidden} more reasons before these: starter.py alerts list"] if hidden else []
    worst = max((one.severity for one in alerts), key=_SEVERITIES.index)
    return _message(desk_id, alerts, worst, f"{len(alerts)} alerts were held back", ["\n".join([*lines, *rest])])


def _message(desk_id: str, alerts: Sequence[Raised], severity: Severity, headline: str, told: Sequence[str]) -> Message:
    notice = Notice(
        desk_id=desk_id,
        severity=severity,
        title=f"[{severity}] {desk_id}: {headline}",
        body="\n\n".join(told),
        raised_at=max(one.raised_at for one in alerts),
    )
    return Message(notice=notice, alerts=tuple(alerts))


def _headline(alert: Raised, limit: int) -> str:
    first = next((line for line in alert.reason.splitlines() if line.strip()), alert.topic)
    return plain(first, limit)


def _body(reason: str) -> str:
    """The reason's own lines, each without what is not seen."""
    return "\n".join(plain(line, MOST_BODY) for line in reason.split("\n"))[:MOST_BODY].strip()


def _clock(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
