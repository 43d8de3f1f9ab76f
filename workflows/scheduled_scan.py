"""A scan by the clock: the calendar first, then the desk's next cycle, to whose end it stays. And the roll call."""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.cycles import CycleActivities
    from activities.scans import ScanActivities
    from trading.desk import CycleAsked, CyclesAwaited, CyclesEnded, CycleTicket
    from trading.docket import CycleOutcome
    from trading.money import MOST_TEXT
    from trading.scans import NOT_ASKED, RollCallAsked, Scan, ScanAsked, ScanReport, cycle_asked, skipped
    from trading.steps import Recorded, Skip
    from workflows import policies, search_attributes
    from workflows.starting import given


@workflow.defn
class ScheduledScan:
    """Held or not, it ends with what came of it, for whoever looks at the schedule's runs."""

    @workflow.run
    async def run(self, asked: ScanAsked | None = None) -> ScanReport:
        """Ask the calendar, then the desk, and end as its cycle does."""
        scan = Scan(asked=given(asked), due_at=_nominal(), at=workflow.now())
        skip: Skip | None = await workflow.execute_activity_method(
            ScanActivities.may_scan, scan, summary=f"due {scan.due:%Y-%m-%d %H:%M}", **policies.MARKET
        )
        report = await self._hold(scan) if skip is None else await _not_held(scan, skip)
        words = f"**{report.outcome}**" + (f": {report.reason}" if report.reason else "")
        workflow.set_current_details(words + (f"\n\ncycle {report.cycle_id}" if report.cycle_id else ""))
        workflow.upsert_search_attributes([search_attributes.CYCLE_OUTCOME.value_set(report.outcome.value)])
        return report

    async def _hold(self, scan: Scan) -> ScanReport:
        request = cycle_asked(scan)
        try:
            ticket: CycleTicket = await workflow.execute_activity_method(
                CycleActivities.ask_desk,
                CycleAsked(desk_id=scan.desk_id, request=request),
                summary=f"a cycle of {len(request.symbols)} symbols",
                **policies.LEDGER,
            )
        except ActivityError as error:
            return await _not_held(scan, Skip(code=NOT_ASKED, reason=_why(error)))
        workflow.set_current_details(f"cycle {ticket.cycle_id}, {ticket.ahead} ahead of it")
        awaited = CyclesAwaited(desk_id=scan.desk_id, cycle_ids=(ticket.cycle_id,))
        try:
            answer: CyclesEnded = await workflow.execute_activity_method(
                CycleActivities.await_cycles, awaited, summary=f"until {ticket.cycle_id} ends", **policies.HEAR
            )
        except ActivityError as error:
            return _report(scan, CycleOutcome.FAILED, reason=_why(error), cycle_id=ticket.cycle_id)
        (end,) = answer.ends
        return _report(scan, end.outcome, reason=end.reason, cycle_id=ticket.cycle_id)


@workflow.defn
class RollCall:
    """A scan that nobody began, because the server was away, is told by the next one who is there."""

    @workflow.run
    async def run(self, asked: RollCallAsked | None = None) -> ScanReport | None:
        """Say of the scan that was due a while ago whether it was missed; None when it was not."""
        call = given(asked)
        due_at = _nominal() - timedelta(seconds=call.after_seconds)
        scan = Scan(asked=call.scan, due_at=due_at, at=workflow.now())
        skip: Skip | None = await workflow.execute_activity_method(
            ScanActivities.was_missed, scan, summary=f"due {scan.due:%Y-%m-%d %H:%M}", **policies.MARKET
        )
        workflow.set_current_details(skip.reason if skip else f"the scan of {scan.due:%Y-%m-%d %H:%M} is accounted for")
        return None if skip is None else await _not_held(scan, skip)


def _nominal() -> datetime:
    """The moment that the schedule meant, to the second; one that was started by hand means its start."""
    meant = workflow.info().typed_search_attributes.get(search_attributes.SCHEDULED_AT)
    return (meant or workflow.info().start_time).replace(microsecond=0)


async def _not_held(scan: Scan, skip: Skip) -> ScanReport:
    events = skipped(scan, skip)
    if events:
        await workflow.execute_activity_method(
            ScanActivities.note_skip, Recorded(events=events), summary=f"skipped: {skip.code}", **policies.LEDGER
        )
    return _report(scan, CycleOutcome.SKIPPED, reason=skip.reason, code=skip.code)


def _report(
    scan: Scan, outcome: CycleOutcome, *, reason: str, code: str = "", cycle_id: str | None = None
) -> ScanReport:
    return ScanReport(
        scan_id=scan.workflow_id,
        due_at=scan.due_at,
        outcome=outcome,
        reason=reason[:MOST_TEXT],
        code=code,
        cycle_id=cycle_id,
    )


def _why(error: ActivityError) -> str:
    if is_cancelled_exception(error):
        raise error
    return str(error.cause or error)
