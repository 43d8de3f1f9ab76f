"""One cycle as a workflow: the pipeline of `trading/cycle.py`, each step an activity, each order a child of its own."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from trading.cycle import run_cycle
    from trading.docket import CycleReport, Row
    from trading.errors import TradingError
    from trading.steps import Cycle
    from workflows import search_attributes
    from workflows.answerable import Answerable
    from workflows.cycle_steps import ActivitySteps
    from workflows.starting import given
    from workflows.tables import decision_table

# A cycle is worth little an hour later: a bug ends it, and the desk says so, rather than waiting for a mended worker.
# `Exception` would be too much: it takes in NondeterminismError, and no replay would find a breaking change any more.
BUGS = (TradingError, ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


@workflow.defn(failure_exception_types=BUGS)
class TradingCycle(Answerable):
    """One run of the four agents and the orders that follow."""

    def __init__(self) -> None:
        super().__init__()
        self._words = "waiting for the first step"
        self._rows: tuple[Row, ...] = ()

    @workflow.run
    async def run(self, cycle: Cycle | None = None) -> CycleReport:
        """Run the pipeline and report how it ended."""
        report = await run_cycle(ActivitySteps(self._tell, self._answer), given(cycle))
        self._rows = report.rows
        workflow.upsert_search_attributes([search_attributes.CYCLE_OUTCOME.value_set(report.outcome.value)])
        return report

    @workflow.query
    def progress(self) -> str:
        """Where the cycle stands, in a few words."""
        return self._words

    @workflow.query
    def decisions(self) -> tuple[Row, ...]:
        """Every symbol's way through the pipeline so far."""
        return self._rows

    def _tell(self, words: str, rows: tuple[Row, ...]) -> None:
        self._words, self._rows = words, rows
        self._describe()

    def _describe(self) -> None:
        asks = self._question()
        workflow.set_current_details(f"**{self._words}**\n\n{asks}{decision_table(self._rows)}")
