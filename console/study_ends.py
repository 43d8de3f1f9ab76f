"""Whether studies that their rows call running still are: a workflow that was ended by force tells no row of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from adapters.temporal.connection import connect
from console.reach import reach
from console.study_watch import workflow_id
from settings import Settings
from trading.backtesting import RunKind, RunRow, RunStatus
from trading.errors import BadConfiguration

LOOK_TIMEOUT = timedelta(seconds=3)
MOST_AT_ONCE = 16


class Standing(StrEnum):
    """What has become of the workflow of a study that has not said its end."""

    RUNNING = "running"
    TERMINATED = "terminated"
    TIMED_OUT = "timed out"
    FAILED = "failed"
    CANCELLED = "cancelled"
    GONE = "gone"
    """The server knows no such workflow: it forgets those that ended long ago."""
    UNKNOWN = "not known to have ended"
    """The server does not answer."""

    @property
    def is_end(self) -> bool:
        """Whether nothing will ever end the row but `backtests cancel`."""
        return self not in {Standing.RUNNING, Standing.UNKNOWN}


_ENDS = {
    WorkflowExecutionStatus.TERMINATED: Standing.TERMINATED,
    WorkflowExecutionStatus.TIMED_OUT: Standing.TIMED_OUT,
    WorkflowExecutionStatus.FAILED: Standing.FAILED,
    WorkflowExecutionStatus.CANCELED: Standing.CANCELLED,
}


async def standings(settings: Settings, rows: Sequence[RunRow]) -> dict[str, Standing]:
    """Of each of these runs that its row calls running, by its name."""
    open_ones = [row.run_id for row in rows if row.status is RunStatus.RUNNING and row.kind is not RunKind.BACKTEST]
    if not open_ones:
        return {}
    try:
        client = await connect(reach(settings).temporal_address)
    except BadConfiguration:
        return dict.fromkeys(open_ones, Standing.UNKNOWN)
    door = asyncio.Semaphore(MOST_AT_ONCE)

    async def look(run_id: str) -> Standing:
        async with door:
            return await standing_of(client, run_id)

    return dict(zip(open_ones, await asyncio.gather(*map(look, open_ones)), strict=True))


async def standing_of(client: Client, run_id: str) -> Standing:
    """What the server says of the workflow of a run."""
    try:
        found = await client.get_workflow_handle(workflow_id(run_id)).describe(rpc_timeout=LOOK_TIMEOUT)
    except RPCError as error:
        return Standing.GONE if error.status is RPCStatusCode.NOT_FOUND else Standing.UNKNOWN
    return Standing.RUNNING if found.status is None else _ENDS.get(found.status, Standing.RUNNING)
