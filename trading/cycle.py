"""The pipeline, written once: data → limits, memory and risk → validator → meta → orders.

A workflow drives it with activities, a backtest with direct calls. It is workflow code, as are its parts
(`run`, `deliberation`, `approving`, `ordering`): deterministic, and a change to it is a change under running cycles.
"""

from __future__ import annotations

from trading import cycle_events as say
from trading.approving import trade_all
from trading.audit import Finding
from trading.cycle_ports import Steps
from trading.deliberation import deliberate
from trading.docket import CycleOutcome, CycleReport
from trading.errors import TradingError
from trading.events import EventType
from trading.money import MOST_TEXT
from trading.ordering import think
from trading.reconciling import Reconciled, ReconciliationAsked
from trading.remembering import reflect, resolve
from trading.run import Run
from trading.steps import HALTED, Cycle

_ENDS = {CycleOutcome.SKIPPED: EventType.CYCLE_SKIPPED, CycleOutcome.FAILED: EventType.CYCLE_FAILED}


async def run_cycle(steps: Steps, cycle: Cycle) -> CycleReport:
    """Run the pipeline to its end. A step that cannot be done ends the cycle as failed; nothing is traded on a guess.

    Raises TradingError when not even the end can be written; whoever drives the cycle must say it then.
    """
    run = Run(steps, cycle)
    try:
        outcome, reason = await _through(run)
    except TradingError as error:
        outcome, reason = CycleOutcome.FAILED, str(error)
    # Outside of the `try`: a cycle ends once, whatever becomes of the audit that follows.
    return await _end(run, outcome, reason)


async def _through(run: Run) -> tuple[CycleOutcome, str]:
    """Go on until there is nothing more to do; how it ended, and why."""
    await run.record([say.started(run.cycle, run.steps.now())])
    run.opening = await run.steps.open(run.cycle)
    run.known = run.opening.model_dump(include={"as_of", "market", "synthetic", "in_session"})
    stopped = await _catch_up(run)
    if stopped:
        return CycleOutcome.SKIPPED, stopped
    await run.look()
    await resolve(run)
    ended = await _act(run)
    await reflect(run)
    return ended


async def _act(run: Run) -> tuple[CycleOutcome, str]:
    """Decide, and order what was decided."""
    decided = await deliberate(run)
    if isinstance(decided, CycleOutcome):
        trade = run.cycle.request.trade
        return decided, "" if trade is None else run.docket.note_of(trade.symbol)
    if run.shadow:
        for one in decided:
            await think(run, one)
        return CycleOutcome.SHADOWED, ""
    await trade_all(run, decided)
    await run.mark()
    return CycleOutcome.TRADED, run.docket.denied


async def _end(run: Run, outcome: CycleOutcome, reason: str) -> CycleReport:
    """Close the cycle in the log, then let the audit look at the books."""
    kind = _ENDS.get(outcome, EventType.CYCLE_COMPLETED)
    data = {"outcome": outcome, "reason": reason, **({"code": run.code} if run.code else {})}
    await run.record([say.cycle_event(run.cycle, kind, run.steps.now(), data)])
    findings = await _audit(run)
    run.tell(f"{outcome.replace('_', ' ')}{': ' if reason else ''}{reason}")
    return CycleReport.model_validate(
        {
            **run.known,
            "cycle_id": run.cycle.cycle_id,
            "outcome": outcome,
            "reason": reason[:MOST_TEXT],
            "shadow": run.shadow,
            "rows": run.docket.rows,
            "findings": findings,
        }
    )


async def _catch_up(run: Run) -> str:
    """Level the books with the broker's; why the cycle goes no further, empty when it does."""
    skip = run.opening.skip
    run.code = skip.code if skip else ""
    if skip is not None and skip.code != HALTED:
        return skip.reason
    # Exits never sleep: stops and targets meet the prices although nothing new may be bought.
    reconciled = await _reconcile(run, "before")
    return skip.reason if skip is not None else reconciled.obstacle


async def _reconcile(run: Run, when: str) -> Reconciled:
    asked = ReconciliationAsked(
        desk_id=run.cycle.desk_id,
        reconciliation_id=f"{run.cycle.cycle_id}-{when}",
        trace_id=run.cycle.trace_id,
        as_of=run.opening.as_of,
        cycle_id=run.cycle.cycle_id,
        strategy_id=run.cycle.request.strategy_id,
    )
    return await run.steps.reconcile(asked)


async def _audit(run: Run) -> tuple[Finding, ...]:
    """The audit's findings; that it could not be done is one, for silence is no pass."""
    try:
        if run.known:
            await _reconcile(run, "after")
        return await run.steps.audit(run.cycle)
    except TradingError as error:
        return (Finding(invariant="audit", about=run.cycle.cycle_id, found=f"not done: {error}"),)
