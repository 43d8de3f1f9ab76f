"""Asking a desk for a cycle from within a workflow, and waiting for the ends of cycles that are no children."""

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

from trading.desk import CycleAsked, CycleEnd, CyclesAwaited, CyclesEnded, CycleTicket
from trading.docket import CycleOutcome, CycleReport
from trading.errors import Final, Retryable
from trading.money import MOST_TEXT

LOOK_SECONDS = 1
# Cycles that were begun together end together: a moment's patience tells of them in one answer.
TOGETHER_SECONDS = 0.1
# Each end brings up to 4 KB of reason, and Temporal warns of a payload at 256 KB.
MOST_ENDS = 50


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
    async def await_cycles(self, awaited: CyclesAwaited) -> CyclesEnded:
        """Wait until one of these cycles has ended, or patience is, and tell of all that have by then.

        Raises Retryable when of none of them the end can be known.

        Repeat: it only looks.
        """
        waits = [asyncio.create_task(_end(cycle_id, begun=awaited.begun)) for cycle_id in awaited.cycle_ids]
        try:
            await asyncio.wait(waits, timeout=awaited.patience_seconds, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(TOGETHER_SECONDS)
            done = [wait for wait in waits if wait.done()]
            ends = [wait.result() for wait in done if wait.exception() is None]
            if done and not ends:
                raise Retryable(f"the ends of {len(waits)} cycles are not known: {done[0].exception()}")
            return CyclesEnded(ends=tuple(ends[:MOST_ENDS]))
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)


async def _end(cycle_id: str, *, begun: bool) -> CycleEnd:
    """How a cycle ends, once it has. Raises Retryable when the server does not say."""
    running = activity.client().get_workflow_handle(f"cycle/{cycle_id}", result_type=CycleReport)
    while True:
        try:
            report = await running.result()
        except WorkflowFailureError as error:
            return _broken(cycle_id, str(error.cause or error))
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise Retryable(f"the end of {cycle_id} is not known: {error}") from error
            if begun:
                return _broken(cycle_id, "the server knows nothing of it any more")
            await asyncio.sleep(LOOK_SECONDS)  # it waits for its turn: there is nothing yet to wait on
        else:
            return CycleEnd(cycle_id=cycle_id, outcome=report.outcome, reason=report.reason)


def _broken(cycle_id: str, reason: str) -> CycleEnd:
    return CycleEnd(cycle_id=cycle_id, outcome=CycleOutcome.FAILED, reason=reason[:MOST_TEXT], said=False)
