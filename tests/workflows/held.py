"""A cycle that runs until it is told to end, for who wants many under way."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from trading.docket import CycleOutcome, CycleReport
    from trading.steps import Cycle


@workflow.defn(name="TradingCycle")
class Held:
    """Does nothing, for as long as it may."""

    def __init__(self) -> None:
        self._is_over = False

    @workflow.run
    async def run(self, cycle: Cycle) -> CycleReport:
        await workflow.wait_condition(lambda: self._is_over)
        return CycleReport(cycle_id=cycle.cycle_id, outcome=CycleOutcome.SKIPPED, reason="only held")

    @workflow.signal
    def end(self) -> None:
        self._is_over = True
