"""A scan by the clock: the calendar first, then a cycle of each strategy, to whose ends it stays. And the roll call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.cycles import CycleActivities
    from activities.scans import ScanActivities
    from activities.universes import UniverseActivities
    from trading.desk import CycleAsked, CycleEnd, CyclesAwaited, CyclesEnded, CycleTicket
    from trading.docket import CycleOutcome
    from trading.events import Event
    from trading.money import MOST_TEXT
    from trading.scans import (
        NO_SYMBOLS,
        NOBODY_DUE,
        NOT_ASKED,
        AllDue,
        Due,
        Part,
        RollCallAsked,
        Scan,
        ScanAsked,
        ScanLine,
        ScanReport,
        cycle_asked,
        part_skipped,
        report_of,
        skipped,
    )
    from trading.steps import Recorded, Skip
    from trading.strategy import AGENTS, Strategy
    from trading.universes import UniverseAsked, UniverseFound
    from workflows import policies, search_attributes
    from workflows.starting import given
    from workflows.tables import scan_table


@workflow.defn
class ScheduledScan:
    """Held or not, it ends with what came of it, for whoever looks at the schedule's runs."""

    @workflow.run
    async def run(self, asked: ScanAsked | None = None) -> ScanReport:
        """Ask the calendar, then the desk, and end as its cycles do."""
        scan = Scan(asked=given(asked), due_at=_nominal(), at=workflow.now())
        skip: Skip | None = await workflow.execute_activity_method(
            ScanActivities.may_scan, scan, summary=f"due {scan.due:%Y-%m-%d %H:%M}", **policies.MARKET
        )
        report = await self._hold(scan) if skip is None else await _not_held(scan, skip)
        workflow.set_current_details(_told(report))
        workflow.upsert_search_attributes([search_attributes.CYCLE_OUTCOME.value_set(report.outcome.value)])
        return report

    async def _hold(self, scan: Scan) -> ScanReport:
        """Ask every strategy that is due, all together: what one of them lacks costs its own cycle."""
        found: AllDue = await workflow.execute_activity_method(
            ScanActivities.strategies_due, scan, summary="who is due", **policies.MARKET
        )
        if not found.due:
            return await _not_held(scan, Skip(code=NOBODY_DUE, reason="no strategy is due by this schedule"))
        parts = [Part(scan, one.strategy.strategy_id, is_all=len(found.due) == 1) for one in found.due]
        door = asyncio.Semaphore(policies.MOST_ASKS)
        begun = await asyncio.gather(*(_begun(part, one, door) for part, one in zip(parts, found.due, strict=True)))
        tickets = [one for one in begun if isinstance(one, CycleTicket)]
        workflow.set_current_details("\n".join(f"cycle {one.cycle_id}, {one.ahead} ahead of it" for one in tickets))
        ends = await _ends(scan, tickets)
        return report_of(scan, tuple(_line(part, one, ends) for part, one in zip(parts, begun, strict=True)))


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
    await _noted(skipped(scan, skip), skip)
    return report_of(scan, (_skipped(scan.asked.strategy_id or AGENTS, skip),))


async def _noted(events: Sequence[Event], skip: Skip) -> None:
    if events:
        await workflow.execute_activity_method(
            ScanActivities.note_skip, Recorded(events=tuple(events)), summary=f"skipped: {skip.code}", **policies.LEDGER
        )


async def _begun(part: Part, due: Due, door: asyncio.Semaphore) -> CycleTicket | Skip:
    """The cycle of one strategy, or why there is none, which the log has then."""
    found = due.skip or await _symbols(part.scan, due.strategy)
    answer = found if isinstance(found, Skip) else await _asked(part, found, door)
    if isinstance(answer, Skip):
        await _noted(part_skipped(part, answer), answer)
    return answer


async def _symbols(scan: Scan, strategy: Strategy) -> tuple[str, ...] | Skip:
    """What it looks at; only a screen has to be asked for."""
    universe = strategy.universe
    if universe.screen is None:
        return universe.symbols or scan.asked.symbols
    asked = UniverseAsked(desk_id=scan.desk_id, strategy=strategy, watchlist=scan.asked.symbols, trace_id=scan.trace_id)
    try:
        found: UniverseFound = await workflow.execute_activity_method(
            UniverseActivities.resolve_universe, asked, summary=f"screen of {strategy.strategy_id}", **policies.SCREEN
        )
    except ActivityError as error:
        return Skip(code=NO_SYMBOLS, reason=_why(error))
    return found.symbols or Skip(code=NO_SYMBOLS, reason=found.reason)


async def _asked(part: Part, symbols: tuple[str, ...], door: asyncio.Semaphore) -> CycleTicket | Skip:
    asked = CycleAsked(desk_id=part.scan.desk_id, request=cycle_asked(part, symbols))
    try:
        async with door:
            ticket: CycleTicket = await workflow.execute_activity_method(
                CycleActivities.ask_desk, asked, summary=f"a cycle of {len(symbols)} symbols", **policies.LEDGER
            )
    except ActivityError as error:
        return Skip(code=NOT_ASKED, reason=_why(error))
    return ticket


async def _ends(scan: Scan, tickets: Sequence[CycleTicket]) -> dict[str, CycleEnd]:
    """How these cycles end, each by its name; it takes as long as the last of them."""
    left, ends = [one.cycle_id for one in tickets], dict[str, CycleEnd]()
    until, pause = workflow.now() + policies.HEARING, timedelta(seconds=policies.HEARING_SECONDS)
    while left and workflow.now() < until:
        try:
            found = await _ended(scan, left)
        except ActivityError as error:
            return ends | _unknown(left, _why(error))
        ends |= {end.cycle_id: end for end in found}
        left = [cycle_id for cycle_id in left if cycle_id not in ends]
        if left and not found:
            await workflow.sleep(pause, summary=f"until {left[0]} ends" if len(left) == 1 else f"{len(left)} go on")
            pause = min(2 * pause, policies.LAST_HEARING)
    return ends | _unknown(left, f"it has not ended after {policies.HEARING // timedelta(minutes=1)} min")


async def _ended(scan: Scan, cycle_ids: Sequence[str]) -> tuple[CycleEnd, ...]:
    awaited = CyclesAwaited(desk_id=scan.desk_id, cycle_ids=tuple(cycle_ids), patience_seconds=policies.HEARING_SECONDS)
    answer: CyclesEnded = await workflow.execute_activity_method(
        CycleActivities.await_cycles, awaited, summary=f"of {len(cycle_ids)}, who has ended?", **policies.HEAR
    )
    return answer.ends


def _unknown(cycle_ids: Sequence[str], reason: str) -> dict[str, CycleEnd]:
    known = {"outcome": CycleOutcome.FAILED, "reason": reason[:MOST_TEXT], "said": False}
    return {cycle_id: CycleEnd.model_validate({"cycle_id": cycle_id, **known}) for cycle_id in cycle_ids}


def _line(part: Part, begun: CycleTicket | Skip, ends: Mapping[str, CycleEnd]) -> ScanLine:
    if isinstance(begun, Skip):
        return _skipped(part.strategy_id, begun)
    end = ends[begun.cycle_id]
    return ScanLine(strategy_id=part.strategy_id, outcome=end.outcome, reason=end.reason, cycle_id=begun.cycle_id)


def _skipped(strategy_id: str, skip: Skip) -> ScanLine:
    return ScanLine(strategy_id=strategy_id, outcome=CycleOutcome.SKIPPED, reason=skip.reason, code=skip.code)


def _told(report: ScanReport) -> str:
    words = f"**{report.outcome}**" + (f": {report.reason}" if report.reason else "")
    return words + (f"\n\ncycle {report.cycle_id}" if report.cycle_id else "") + scan_table(report.lines)


def _why(error: ActivityError) -> str:
    if is_cancelled_exception(error):
        raise error
    return str(error.cause or error)
