"""What a scan asks before it troubles the desk: the calendar, whether it was held, whom it concerns, what is new."""

from __future__ import annotations

from datetime import datetime

from temporalio import activity
from temporalio.client import ScheduleCalendarSpec, ScheduleRange
from temporalio.service import RPCError, RPCStatusCode

from trading.errors import Retryable
from trading.ports import Calendar, Ledger, Market
from trading.rosters import due
from trading.scans import MARKET_CLOSED, MISSED, RUN_BEFORE, AllDue, Due, Scan, not_begun, nothing_new, refusal
from trading.snapshots import last_completed
from trading.steps import Recorded, Skip
from trading.strategy import Strategy, first_strategy
from trading.strategy_ports import Holders


class ScanActivities:
    """The clock's questions."""

    def __init__(self, market: Market, calendar: Calendar, ledger: Ledger, holders: Holders) -> None:
        self._market = market
        self._calendar = calendar
        self._ledger = ledger
        self._holders = holders

    @activity.defn
    async def may_scan(self, scan: Scan) -> Skip | None:
        """Why a scan is not held, None when it is.

        Repeat: reads only; a later answer may differ, but only the recorded one counts.
        """
        skip = refusal(scan, self._calendar)
        if skip is not None and skip.code == MISSED and await _ran_before(scan):
            return Skip(code=RUN_BEFORE, reason="this scan has run before, and what it said then stands")
        return skip

    @activity.defn
    async def strategies_due(self, scan: Scan) -> AllDue:
        """The strategies that a scan asks; on a market of the past, why one that has looked at it is not asked.

        Repeat: reads only; a later answer may differ, but only the recorded one counts.
        """
        concerned = await self._due(scan)
        if not self._market.historical:
            return AllDue(due=tuple(Due(strategy=one) for one in concerned))
        latest = await self._market.latest(scan.at)
        closed_at = last_completed(self._calendar, scan.at).closes_at
        found = []
        for one in concerned:
            looked_at = await self._ledger.looked_at(scan.desk_id, one.strategy_id)
            found.append(Due(strategy=one, skip=nothing_new(latest, looked_at, closed_at)))
        return AllDue(due=tuple(found))

    async def _due(self, scan: Scan) -> tuple[Strategy, ...]:
        """A desk that has no books yet begins with its first strategy."""
        strategies = await self._ledger.strategies(scan.desk_id)
        if not strategies and not await self._ledger.knows(scan.desk_id):
            strategies = (first_strategy(),)
        return due(strategies, scan.asked.strategy_id, await self._holders.held(scan.desk_id))

    @activity.defn
    async def was_missed(self, scan: Scan) -> Skip | None:
        """Why a scan counts as missed; None when it was begun, or was not to be: by the calendar, or a person's pause.

        Repeat: reads only.
        """
        skip = refusal(scan, self._calendar)
        closed = skip is not None and skip.code == MARKET_CLOSED
        if closed or await _has_begun(scan) or not await _was_scheduled(scan) or not await self._due(scan):
            return None
        return not_begun(scan)

    @activity.defn
    async def note_skip(self, skip: Recorded) -> None:
        """Write that a scan was not held, and whom that concerns; nothing of a desk that has no books yet.

        Repeat: a scan that has an end already is left with it, and so is an event that is there.
        """
        ended, *others = skip.events
        if await self._ledger.knows(ended.desk_id):
            await self._ledger.end_cycle(ended)
            if others:
                await self._ledger.record(others)


async def _ran_before(scan: Scan) -> bool:
    """Whether the scan has another run than this one: the server gives a person's second one the same name."""
    runs = activity.client().list_workflows(f"WorkflowId = '{scan.workflow_id}'")
    return any([run.run_id != activity.info().workflow_run_id async for run in runs])


async def _has_begun(scan: Scan) -> bool:
    try:
        await activity.client().get_workflow_handle(scan.workflow_id).describe()
    except RPCError as error:
        return _is_there(error)
    return True


async def _was_scheduled(scan: Scan) -> bool:
    """Whether the schedule of scans was there, means that time, and is not paused.

    A roll call that a person triggers is about a moment at which nothing was due.
    """
    try:
        found = await activity.client().get_schedule_handle(scan.schedule_id).describe()
    except RPCError as error:
        return _is_there(error)
    means = any(_is_at(one, scan.due) for one in found.schedule.spec.calendars)
    return means and found.info.created_at <= scan.due_at and not found.schedule.state.paused


def _is_at(spec: ScheduleCalendarSpec, due: datetime) -> bool:
    asked = ((spec.hour, due.hour), (spec.minute, due.minute), (spec.second, due.second))
    return all(any(_is_in(one, value) for one in ranges) for ranges, value in asked)


def _is_in(one: ScheduleRange, value: int) -> bool:
    return one.start <= value <= max(one.start, one.end) and (value - one.start) % max(one.step, 1) == 0


def _is_there(error: RPCError) -> bool:
    if error.status is RPCStatusCode.NOT_FOUND:
        return False
    raise Retryable(f"Temporal does not answer: {error}") from error
