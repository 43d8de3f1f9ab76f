"""Waiting for a cycle that an earlier run of its desk started: the later run has no child of that name."""

from __future__ import annotations

from temporalio import activity
from temporalio.client import WorkflowFailureError

from trading.docket import CycleReport
from trading.errors import Final
from trading.steps import Cycle


class CycleActivities:
    """What a desk asks about its cycles."""

    @activity.defn
    async def await_cycle(self, cycle: Cycle) -> CycleReport:
        """Wait for a cycle's end and answer with its report.

        Repeat: it only looks.
        """
        running = activity.client().get_workflow_handle(cycle.workflow_id, result_type=CycleReport)
        try:
            report: CycleReport = await running.result()
        except WorkflowFailureError as error:
            raise Final(str(error.cause or error)) from error
        return report
