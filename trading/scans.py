"""A scan: a cycle that the clock asks for. When it is held, when it is not, and what the log says then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime

from trading.alerts import Alert, Severity, Topic, alert_raised
from trading.docket import CycleOutcome
from trading.events import Event, EventType
from trading.money import DeskId, Identifier, Record, Text
from trading.ports import Calendar
from trading.sessions import Session, is_open
from trading.steps import CycleRequest, Skip, Symbols, Trigger
from trading.strategy import Strategy, StrategyId

MARKET_CLOSED = "market_closed"
"""The code of a scan outside of a session, as of a cycle there."""
MISSED = "missed"
"""The code of a scan whose time went by while no server or no worker was there."""
NOTHING_NEW = "nothing_new"
"""The code of a scan on a market of the past that a cycle has looked at already."""
NOT_ASKED = "not_asked"
"""The code of a scan that the desk would not take."""
RUN_BEFORE = "run_before"
"""The code of a scan that is asked for a second time, by a person: what its first run said stands."""
NOBODY_DUE = "nobody_due"
"""The code of a scan that concerns no strategy: each has times of its own, is disabled, or is gone."""
NO_SYMBOLS = "no_symbols"
"""The code of a strategy that has nothing to look at: nothing passes its screen, or its market does not answer."""
CATCH_UP = timedelta(minutes=10)
"""A scan that begins later than this after its time is missed: it was meant for other prices."""
LOOK_AHEAD_DAYS = 731
"""How far a time of the clock is held against the changes of daylight saving."""


class ScanAsked(Record):
    """What the clock asks of a desk, each time the same; `zone` is the one that its times are told in.

    `symbols` are the desk's watchlist, for strategies without a universe. With a `strategy_id` it asks that strategy
    alone, at times of its own; without one, all that have none.
    """

    desk_id: DeskId
    symbols: Symbols
    zone: str
    strategy_id: StrategyId | None = None

    @property
    def schedule_id(self) -> str:
        """The schedule that it is of."""
        return f"scan-{self.strategy_id}/{self.desk_id}" if self.strategy_id else f"scan/{self.desk_id}"


class RollCallAsked(Record):
    """Whether the scan was held that was due so many seconds ago."""

    scan: ScanAsked
    after_seconds: int


class Scan(Record):
    """One occasion: when it was due, and the moment at which it is looked at."""

    asked: ScanAsked
    due_at: AwareDatetime
    at: AwareDatetime

    @property
    def workflow_id(self) -> str:
        """The name that its schedule gives it; the log and the desk know it by the same."""
        return f"{self.schedule_id}-{self.due_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

    @property
    def schedule_id(self) -> str:
        """The schedule that it is of."""
        return self.asked.schedule_id

    @property
    def desk_id(self) -> str:
        """Whose it is."""
        return self.asked.desk_id

    @property
    def trace_id(self) -> str:
        """What joins its log lines and events."""
        return self.workflow_id

    @property
    def due(self) -> datetime:
        """When it was due, by the clock on the wall."""
        return self.due_at.astimezone(ZoneInfo(self.asked.zone))


class Due(Record):
    """A strategy that a scan asks, or why it is not asked."""

    strategy: Strategy
    skip: Skip | None = None


class AllDue(Record):
    """All strategies that a scan concerns, by name."""

    due: tuple[Due, ...]


class ScanLine(Record):
    """What came of a scan for one strategy: its cycle's end, or why there was none."""

    strategy_id: StrategyId
    outcome: CycleOutcome
    reason: Text = ""
    code: str = ""
    cycle_id: Identifier | None = None


class ScanReport(Record):
    """How a scan ended: as its cycle did, or without one. Of several strategies each has a line."""

    scan_id: Identifier
    due_at: AwareDatetime
    outcome: CycleOutcome
    reason: Text = ""
    code: str = ""
    cycle_id: Identifier | None = None
    lines: tuple[ScanLine, ...] = ()


class TradingHours(NamedTuple):
    """The days of a week on which an exchange trades, Monday first (1 to 7), and its first and last hour."""

    days: tuple[int, ...]
    first: int
    last: int


def refusal(scan: Scan, calendar: Calendar) -> Skip | None:
    """Why a scan is not held: the exchange is closed at its time, or its time went by."""
    session = calendar.last_session(scan.due_at)
    if not is_open(session, scan.due_at):
        return Skip(code=MARKET_CLOSED, reason=_closed(scan.due, session, calendar.session(scan.due.date())))
    late = scan.at - scan.due_at
    if late > CATCH_UP:
        most = CATCH_UP // timedelta(minutes=1)
        reason = f"due at {scan.due:%Y-%m-%d %H:%M}, which is {_span(late)} ago: after {most} min it is not made up for"
        return Skip(code=MISSED, reason=reason)
    return None


def not_begun(scan: Scan) -> Skip:
    """Nobody was there at its time."""
    return Skip(code=MISSED, reason=f"due at {scan.due:%Y-%m-%d %H:%M}: nobody was there to begin it")


def nothing_new(latest: datetime, looked_at: datetime | None, closed_at: datetime) -> Skip | None:
    """Why the clock asks for no cycle on a market of the past, such as a folder of files.

    `latest` is its newest moment, `looked_at` the newest that a cycle of the desk has looked at, `closed_at` the newest
    closing bell. A desk that never looked does so once; then only at what is new, and of today: the clock takes no
    desk through history, where a person walks day by day.
    """
    if looked_at is None:
        return None
    if latest <= looked_at:
        reason = f"the newest prices are of {latest:%Y-%m-%d %H:%M} UTC, and a cycle has looked at them"
    elif latest < closed_at:
        reason = f"the prices end at {latest:%Y-%m-%d %H:%M} UTC: only a person leads a desk through the past"
    else:
        return None
    return Skip(code=NOTHING_NEW, reason=reason)


class Part(NamedTuple):
    """What a scan is for one strategy; `is_all` when there is no other, and it goes by the scan's own name."""

    scan: Scan
    strategy_id: str
    is_all: bool = True

    @property
    def name(self) -> str:
        """What the desk and the log know it by."""
        return self.scan.workflow_id if self.is_all else f"{self.scan.workflow_id}/{self.strategy_id}"


def cycle_asked(part: Part, symbols: tuple[str, ...]) -> CycleRequest:
    """The cycle that a scan asks for. Asked again, it is the same: the desk knows it by `request_id`."""
    return CycleRequest(
        symbols=symbols,
        strategy_id=part.strategy_id,
        trigger=Trigger.SCHEDULED,
        trace_id=part.scan.trace_id,
        request_id=part.name,
    )


def skipped(scan: Scan, skip: Skip) -> tuple[Event, ...]:
    """What the log says of a scan that is not held; that one was missed is also told to a person, once."""
    if skip.code in {RUN_BEFORE, NOBODY_DUE}:
        return ()
    whose = {"strategy_id": scan.asked.strategy_id} if scan.asked.strategy_id else {}
    event = _skipped(scan, scan.workflow_id, skip, **whose)
    if skip.code != MISSED:
        return (event,)
    alert = Alert(
        topic=Topic.SYSTEM,
        key=f"missed/{scan.workflow_id}",
        reason=f"the scan of {scan.due:%Y-%m-%d %H:%M} was missed",
        severity=Severity.WARNING,
    )
    return event, alert_raised(scan.desk_id, alert, scan.due_at)


def part_skipped(part: Part, skip: Skip) -> tuple[Event, ...]:
    """What the log says of a scan that is not held for one of its strategies."""
    if part.is_all:
        return skipped(part.scan, skip)
    return (_skipped(part.scan, part.name, skip, strategy_id=part.strategy_id),)


def _skipped(scan: Scan, name: str, skip: Skip, **whose: str) -> Event:
    return Event(
        event_id=f"{name}/{EventType.CYCLE_SKIPPED}",
        desk_id=scan.desk_id,
        aggregate_id=name,
        type=EventType.CYCLE_SKIPPED,
        trace_id=scan.trace_id,
        occurred_at=scan.at,
        data={
            "outcome": CycleOutcome.SKIPPED,
            "reason": skip.reason,
            "code": skip.code,
            "trigger": Trigger.SCHEDULED,
            "due_at": scan.due_at.isoformat(),
            **whose,
        },
    )


FARTHEST = (
    CycleOutcome.FAILED,
    CycleOutcome.TRADED,
    CycleOutcome.SHADOWED,
    CycleOutcome.NONE_DECIDED,
    CycleOutcome.NONE_VALIDATED,
    CycleOutcome.NONE_APPROVED,
    CycleOutcome.NONE_ALLOWED,
    CycleOutcome.NO_SIGNALS,
    CycleOutcome.SKIPPED,
)
"""Of several cycles, the one whose end a person should hear of first: a failure, else the one that came farthest."""


def report_of(scan: Scan, lines: tuple[ScanLine, ...]) -> ScanReport:
    """How a scan ended: of one strategy as its line says, of several as the farthest of them."""
    named: dict[str, Any] = {"scan_id": scan.workflow_id, "due_at": scan.due_at}
    if len(lines) == 1:
        (line,) = lines
        return ScanReport(**named, **line.model_dump(exclude={"strategy_id"}))
    counts = Counter(line.outcome for line in lines)
    ends = [outcome for outcome in FARTHEST if counts[outcome]]
    words = ", ".join(f"{counts[outcome]} {outcome.replace('_', ' ')}" for outcome in ends)
    return ScanReport(**named, outcome=ends[0], reason=f"{len(lines)} strategies: {words}", lines=lines)


def unsteady(at: time, zone: ZoneInfo, first: date) -> str | None:
    """What daylight saving does to a time of the day within two years from a date; None when it leaves it alone."""
    for offset in range(LOOK_AHEAD_DAYS):
        there = datetime.combine(first + timedelta(days=offset), at, zone)
        if there.utcoffset() != there.replace(fold=1).utcoffset():
            back = there.astimezone(UTC).astimezone(zone)
            does = "comes twice" if back.time() == at else "does not exist"
            return f"{at:%H:%M} {does} on {there:%Y-%m-%d} in {zone.key}, where the clocks change"
    return None


def trading_hours(sessions: Sequence[Session], zone: ZoneInfo) -> TradingHours:
    """The days and hours that hold every session, by the clock of a zone. Sessions over midnight take all hours."""
    bells = [(one.opens_at.astimezone(zone), one.closes_at.astimezone(zone)) for one in sessions]
    days = tuple(sorted({day for opens, closes in bells for day in _weekdays(opens, closes)}))
    if any(opens.date() != closes.date() for opens, closes in bells):
        return TradingHours(days, 0, 23)
    return TradingHours(days, min(opens.hour for opens, _ in bells), max(closes.hour for _, closes in bells))


def _weekdays(opens: datetime, closes: datetime) -> Iterable[int]:
    last = (closes - timedelta(microseconds=1)).date()
    return (date.fromordinal(day).isoweekday() for day in range(opens.toordinal(), last.toordinal() + 1))


def _closed(due: datetime, last: Session, today: Session | None) -> str:
    closed = last.closes_at.astimezone(due.tzinfo)
    if closed.date() == due.date():
        return f"the exchange closed at {closed:%H:%M} on {due:%Y-%m-%d}, before {due:%H:%M}"
    if today is not None and today.opens_at > due:
        opens = today.opens_at.astimezone(due.tzinfo)
        return f"the exchange opens at {opens:%H:%M} on {due:%Y-%m-%d}, after {due:%H:%M}"
    return f"the exchange does not trade on {due:%A}, {due:%Y-%m-%d}"


def _span(late: timedelta) -> str:
    hours = late // timedelta(hours=1)
    return f"{hours} h" if hours else f"{late // timedelta(minutes=1)} min"
