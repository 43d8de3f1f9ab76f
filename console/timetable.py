"""What the clock does for a desk: the table of its schedules, and what they are made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from temporalio.client import (
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
)

from console.watchlist import Prices, scanned
from settings import ScheduleSettings, Settings
from trading.closing import DayAsked
from trading.errors import BadConfiguration
from trading.reconciling import ReconciliationAsked
from trading.scans import CATCH_UP, RollCallAsked, ScanAsked, TradingHours, trading_hours, unsteady
from trading.strategy import STRATEGY_NAME, Strategy, StrategyId
from trading.weeks import WeekAsked
from workflows import policies, search_attributes
from workflows.daily_close import DailyClose
from workflows.reconciliation import Reconciliation
from workflows.scheduled_scan import RollCall, ScheduledScan
from workflows.weekly_report import WeeklyReport

A_YEAR = timedelta(days=365)
# What was missed is told after a long week-end without a server, too; a week later nobody needs to hear of it.
ROLL_CALL_CATCH_UP = timedelta(days=3)

OF_STRATEGIES = ("scan-", "roll-call-")
"""How the names of the schedules of single strategies begin."""


@dataclass(frozen=True)
class Timetable:
    """What the schedules of a desk are made of; one that cannot be kept cannot be made."""

    desk_id: str
    scan: ScanAsked
    clock: ScheduleSettings
    hours: TradingHours
    own: Mapping[StrategyId, tuple[time, ...]] = field(default_factory=dict)
    """The scan times of the strategies that have their own."""

    def scan_times(self, strategy_id: StrategyId | None) -> tuple[time, ...]:
        """When one strategy is scanned by times of its own; with None, when all others are."""
        return self.clock.scan_times if strategy_id is None else self.own[strategy_id]

    def scan_of(self, strategy_id: StrategyId | None) -> ScanAsked:
        """What is asked then."""
        return self.scan.model_copy(update={"strategy_id": strategy_id})

    def at(self, *times: time) -> list[ScheduleCalendarSpec]:
        """At these times of each day on which the exchange trades."""
        return [_calendar_spec(self.hours.days, (at.hour,), (at.minute,)) for at in times]

    def at_last_day(self, at: time) -> list[ScheduleCalendarSpec]:
        """At this time of the week's last day on which the exchange trades."""
        return [_calendar_spec(self.hours.days[-1:], (at.hour,), (at.minute,))]

    def starts(
        self, workflow: Callable[..., Any], asked: object, name: str, life: timedelta
    ) -> ScheduleActionStartWorkflow:
        """Start a workflow; the server puts the moment that it meant behind its name."""
        return ScheduleActionStartWorkflow(
            workflow,
            asked,
            id=name,
            task_queue=policies.DESK_QUEUE,
            task_timeout=policies.TASK,
            execution_timeout=life,
            typed_search_attributes=search_attributes.of_desk(self.desk_id),
        )


@dataclass(frozen=True)
class Entry:
    """One line of the table: a schedule's name, what it does, when, and by which workflow.

    A run that is not over when the next is due goes on, and the next is left out: two at once would do the same twice.
    What a server that was away has missed by no more than `catch_up` is made up for.
    """

    name: str
    says: str
    when: Callable[[Timetable], list[ScheduleCalendarSpec]]
    action: Callable[[Timetable], ScheduleActionStartWorkflow]
    overlap: ScheduleOverlapPolicy = ScheduleOverlapPolicy.SKIP
    catch_up: timedelta = CATCH_UP

    def id_of(self, desk_id: str) -> str:
        """The schedule's name at the server."""
        return f"{self.name}/{desk_id}"

    def schedule(self, timetable: Timetable) -> Schedule:
        """The schedule itself. No jitter: a scan is due to the second."""
        action = self.action(timetable)
        action.static_summary = f"{self.says}, by the clock"
        return Schedule(
            action=action,
            spec=ScheduleSpec(calendars=self.when(timetable), time_zone_name=timetable.clock.timezone),
            policy=SchedulePolicy(overlap=self.overlap, catchup_window=self.catch_up),
        )


def of_scans(strategy_id: StrategyId | None = None) -> tuple[Entry, Entry]:
    """The schedule of scans and its roll call: of a strategy with times of its own, else of all that have none."""
    behind = f"-{strategy_id}" if strategy_id else ""
    whose = f" of {strategy_id}" if strategy_id else ""

    def scan(timetable: Timetable) -> ScheduleActionStartWorkflow:
        asked = timetable.scan_of(strategy_id)
        return timetable.starts(ScheduledScan.run, asked, asked.schedule_id, policies.SCAN_LIFE)

    def roll_call(timetable: Timetable) -> ScheduleActionStartWorkflow:
        after = int(policies.ROLL_CALL_AFTER.total_seconds())
        asked = RollCallAsked(scan=timetable.scan_of(strategy_id), after_seconds=after)
        return timetable.starts(RollCall.run, asked, f"roll-call{behind}/{timetable.desk_id}", policies.SCAN_LIFE)

    return (
        Entry(f"scan{behind}", f"looks at the watchlist{whose}", lambda t: t.at(*t.scan_times(strategy_id)), scan),
        # Each roll call is about a scan of its own, and none is too late.
        Entry(
            f"roll-call{behind}",
            f"tells of scans{whose} that nobody began",
            lambda t: _after_each(t, t.scan_times(strategy_id)),
            roll_call,
            overlap=ScheduleOverlapPolicy.BUFFER_ALL,
            catch_up=ROLL_CALL_CATCH_UP,
        ),
    )


def entries_of(strategies: Iterable[StrategyId]) -> tuple[Entry, ...]:
    """The table of a desk of which these strategies have scan times of their own."""
    return (*TABLE, *(entry for strategy_id in strategies for entry in of_scans(strategy_id)))


def entry_named(name: str) -> Entry | None:
    """The line of a name, whether or not there is such a strategy; None when no schedule has a name like that."""
    for prefix in OF_STRATEGIES:
        strategy_id = name.removeprefix(prefix)
        if strategy_id != name and re.fullmatch(STRATEGY_NAME, strategy_id):
            return next(entry for entry in of_scans(strategy_id) if entry.name == name)
    return next((entry for entry in TABLE if entry.name == name), None)


def _reconciliation(timetable: Timetable) -> ScheduleActionStartWorkflow:
    name = f"{timetable.desk_id}-clock"
    asked = ReconciliationAsked(desk_id=timetable.desk_id, reconciliation_id=name, trace_id=name, in_session=True)
    return timetable.starts(Reconciliation.run, asked, asked.workflow_id, policies.RECONCILING_LIFE)


def _close(timetable: Timetable) -> ScheduleActionStartWorkflow:
    name = f"daily-close/{timetable.desk_id}"
    asked = DayAsked(desk_id=timetable.desk_id, trace_id=name)
    return timetable.starts(DailyClose.run, asked, name, policies.CLOSING_LIFE)


def _report(timetable: Timetable) -> ScheduleActionStartWorkflow:
    name = f"weekly-report/{timetable.desk_id}"
    asked = WeekAsked(desk_id=timetable.desk_id, trace_id=name)
    return timetable.starts(WeeklyReport.run, asked, name, policies.CLOSING_LIFE)


def _quarters(timetable: Timetable) -> list[ScheduleCalendarSpec]:
    """Every quarter of an hour from before the opening bell to after the close; the workflow asks the calendar."""
    days, first, last = timetable.hours
    return [_calendar_spec(days, range(first, last + 1), range(0, 60, 15))]


def _after_each(timetable: Timetable, times: Sequence[time]) -> list[ScheduleCalendarSpec]:
    """Some time after each scan; past midnight that is on the day after it."""
    found = []
    for at in times:
        later = datetime.combine(date.min, at) + policies.ROLL_CALL_AFTER
        days = [day % 7 + 1 for day in timetable.hours.days] if later.date() > date.min else timetable.hours.days
        found.append(_calendar_spec(days, (later.hour,), (later.minute,)))
    return found


TABLE = (
    *of_scans(),
    Entry("reconciliation", "compares the books with the broker", _quarters, _reconciliation),
    Entry("daily-close", "closes the day", lambda t: t.at(t.clock.close_time), _close),
    Entry("weekly-report", "reports the week", lambda t: t.at_last_day(t.clock.report_time), _report),
)


async def timetable_of(settings: Settings, prices: Prices, strategies: Sequence[Strategy] = ()) -> Timetable:
    """What the settings and the strategies say.

    Raises BadConfiguration for times, a calendar or a watchlist that cannot be kept to.
    """
    clock, today = settings.schedule, datetime.now(UTC).date()
    zone = ZoneInfo(clock.timezone)
    own = own_times(strategies)
    named = {
        "SCHEDULE_SCAN_TIMES": clock.scan_times,
        "SCHEDULE_CLOSE_TIME": (clock.close_time,),
        "SCHEDULE_REPORT_TIME": (clock.report_time,),
        **{f"the scan times of {strategy_id}": times for strategy_id, times in own.items()},
    }
    for name, times in named.items():
        for at in times:
            wrong = unsteady(at, zone, today)
            if wrong is not None:
                raise BadConfiguration(f"{name}: {wrong}: choose another time")
    hours = trading_hours(prices.calendar.sessions(today, today + A_YEAR), zone)
    symbols = await scanned(settings, prices)
    try:
        scan = ScanAsked(desk_id=settings.desk.id, symbols=symbols, zone=clock.timezone)
    except ValidationError as error:
        wrong = f"{len(symbols)} symbols: {error.errors(include_url=False)[0]['msg']}"
        raise BadConfiguration(f"the clock cannot scan {wrong}; set DESK_SYMBOLS") from error
    return Timetable(desk_id=settings.desk.id, scan=scan, clock=clock, hours=hours, own=own)


def own_times(strategies: Iterable[Strategy]) -> dict[StrategyId, tuple[time, ...]]:
    """The strategies that are scanned at times of their own; one that is disabled no more is."""
    return {one.strategy_id: one.scan_times for one in strategies if one.enabled and one.scan_times}


def _calendar_spec(days: Sequence[int], hours: Sequence[int], minutes: Sequence[int]) -> ScheduleCalendarSpec:
    """Days count from Monday, 1 to 7; Temporal's from Sunday, 0 to 6."""
    return ScheduleCalendarSpec(
        day_of_week=[ScheduleRange(day % 7) for day in days],
        hour=[ScheduleRange(hour) for hour in hours],
        minute=[ScheduleRange(minute) for minute in minutes],
    )
