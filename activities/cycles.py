"""Asking a desk for a cycle from within a workflow, and waiting for the end of one that is no child."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from temporalio import activity
from temporalio.client import (
    WithStartWorkflowOperation,
    WorkflowFailureError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.service import RPCError, RPCStatusCode

from trading.desk import CycleAsked, CycleTicket
from trading.docket import CycleReport
from trading.errors import Final, Retryable
from trading.steps import Cycle

LOOK_SECONDS = 1


class CycleActivities:
    """What is asked about a desk's cycles; `desk` is how its workflow is started when it does not run yet."""

    def __init__(self, desk: Callable[[str], WithStartWorkflowOperation[Any, Any]]) -> None:
        self._desk = desk

    @activity.defn
    async def ask_desk(self, asked: CycleAsked) -> CycleTicket:
        """Ask a desk for a cycle; it is named at once, and runs when its turn comes.

        Raises Final when the desk refuses it.

        Repeat: under the same `request_id` the desk answers with the same cycle.
        """
        try:
            ticket: CycleTicket = await activity.client().execute_update_with_start_workflow(
                "run_cycle",
                asked.request,
                start_workflow_operation=self._desk(asked.desk_id),
                id=asked.request.request_id,
                result_type=CycleTicket,
            )
        except WorkflowUpdateFailedError as error:
            raise Final(f"the desk refuses the cycle: {error.cause}") from error
        except (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            raise Retryable(f"the desk does not answer: {error}") from error
        return ticket

    @activity.defn
    async def await_cycle(self, cycle: Cycle) -> CycleReport:
        """Wait for a cycle's turn and end, and answer with its report.

        Repeat: it only looks.
        """
        running = activity.client().get_workflow_handle(cycle.workflow_id, result_type=CycleReport)
        while True:
            try:
                report: CycleReport = await running.result()
            except WorkflowFailureError as error:
                raise Final(str(error.cause or error)) from error
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise Retryable(f"the end of {cycle.cycle_id} is not known: {error}") from error
                await asyncio.sleep(LOOK_SECONDS)  # it waits for its turn: there is nothing yet to wait on
            else:
                return report
