"""How a desk is asked something, by whoever asks it while it does not run yet. No workflow's code."""

from __future__ import annotations

import asyncio
from typing import Any

from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from trading.desk import DeskState
from trading.money import Record
from workflows import policies, search_attributes
from workflows.trading_desk import TradingDesk

TRIES = 20
PAUSE_SECONDS = 0.1


def started(desk_id: str) -> WithStartWorkflowOperation[TradingDesk, None]:
    """The desk that runs, else a new one; good for one update."""
    return WithStartWorkflowOperation(
        TradingDesk.run,
        DeskState(desk_id=desk_id),
        id=f"desk/{desk_id}",
        task_queue=policies.DESK_QUEUE,
        task_timeout=policies.TASK,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        search_attributes=search_attributes.of_desk(desk_id),
        static_summary=f"desk {desk_id}",
    )


async def update(client: Client, desk_id: str, asked: tuple[Any, Record]) -> Any:
    """The desk's answer to an update and its argument; the desk is started when it does not run yet.

    The server gives up an update that comes in the moment in which the desk continues as new: it never reached the
    desk, and is asked again. Raises as the client does.
    """
    for _ in range(TRIES):
        try:
            return await _updated(client, desk_id, asked)
        except RPCError as error:
            if error.status is not RPCStatusCode.FAILED_PRECONDITION:
                raise
            await asyncio.sleep(PAUSE_SECONDS)
    return await _updated(client, desk_id, asked)


async def _updated(client: Client, desk_id: str, asked: tuple[Any, Record]) -> Any:
    return await client.execute_update_with_start_workflow(*asked, start_workflow_operation=started(desk_id))
