"""A study on the desk's servers: started, served from here where nobody else does, and watched to its end."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
)
from temporalio.service import RPCError

from adapters.postgres.backtests import PostgresRuns
from adapters.postgres.engine import application_engine
from adapters.temporal.connection import connect
from adapters.temporal.pulse import pollers
from console import ready
from console.output import Output
from console.reach import Reach
from console.study_bar import Tell, bar
from settings import Settings
from trading.backtesting import RunProgress, StudyAsked, StudySummary
from trading.errors import BadConfiguration, TradingError
from worker import serving
from workflows import policies
from workflows.backtest import Backtest

LOOK_SECONDS = 0.2
ALONG = "along:"
"""How those are told from workers who work along while they wait: they are gone in a moment."""
LOOK_TIMEOUT = timedelta(seconds=3)
Handle = WorkflowHandle[Backtest, StudySummary]


class StudyFailed(TradingError):
    """A study that could not be run, in the words of what went wrong."""


async def on_servers(
    settings: Settings, found: Reach, asked: StudyAsked, output: Output, *, detach: bool
) -> StudySummary | None:
    """Run a study to its end; None when it was only started.

    This process works along while it waits, so that a study needs no worker of its own. Interrupted, a study that
    nobody else serves is cancelled; another goes on.
    """
    engine = application_engine(found.database, pool_size=1)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(engine.dispose)
        await ready.migrations(engine)
        client = await connect(found.temporal_address)
        await ready.namespace(client)
        alone = not await served(client)
        if detach and alone:
            raise BadConfiguration("--detach: nobody serves studies: start `worker.py --queues backtests`")
        handle = await start(client, asked)
        if detach:
            _say_detached(output, asked)
            return None
        queues, identity = [policies.BACKTESTS_QUEUE], f"{ALONG}{client.identity}"
        await stack.enter_async_context(serving(client, settings, found.database, queues, identity=identity))
        output.say(f"run {asked.run_id}" + ("" if alone else ", with the workers of the queue backtests"))
        await _watched(handle, output, alone=alone)
        return await ended(handle, PostgresRuns(engine), asked.run_id)


async def start(client: Client, asked: StudyAsked) -> Handle:
    """Start the workflow of a study."""
    return await client.start_workflow(
        Backtest.run,
        asked,
        id=workflow_id(asked.run_id),
        task_queue=policies.BACKTESTS_QUEUE,
        task_timeout=policies.TASK,
        execution_timeout=policies.STUDY_LIFE,
    )


def workflow_id(run_id: str) -> str:
    """The workflow of a run."""
    return f"backtest/{run_id}"


async def served(client: Client) -> bool:
    """Whether a worker has asked for studies lately; whoever works along while he waits is none."""
    kind = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
    return any(not one.startswith(ALONG) for one in await pollers(client, policies.BACKTESTS_QUEUE, kind))


async def ended(handle: Handle, runs: PostgresRuns, run_id: str) -> StudySummary:
    """What a study ended with, also one that was cancelled. Raises StudyFailed for one that was not run."""
    try:
        return await handle.result()
    except WorkflowFailureError as failure:
        row = await runs.find(run_id)
        if row is not None and row.metrics:
            return StudySummary.model_validate(row.metrics)
        cause = failure.cause.__cause__ or failure.cause
        raise StudyFailed(str(cause)) from failure


async def _watched(handle: Handle, output: Output, *, alone: bool) -> None:
    try:
        with bar(output) as tell:
            await _watch(handle, tell if output.console.is_terminal else None)
    except asyncio.CancelledError:
        if not alone:
            output.say("", f"It goes on without you: starter.py backtests progress {handle.id.partition('/')[2]}")
            raise
        output.say("", "Ending: what is done is kept ...")
        await handle.cancel()
        await _watch(handle)


async def _watch(handle: Handle, tell: Tell | None = None) -> None:
    while (await handle.describe(rpc_timeout=LOOK_TIMEOUT)).status is WorkflowExecutionStatus.RUNNING:
        progress = await asked_how_far(handle) if tell is not None else None
        if progress is not None and tell is not None:
            tell(progress)
        await asyncio.sleep(LOOK_SECONDS)


async def asked_how_far(handle: Handle) -> RunProgress | None:
    """How far it is; None where no worker answers now."""
    try:
        return await handle.query(Backtest.progress, rpc_timeout=LOOK_TIMEOUT)
    except (RPCError, WorkflowQueryFailedError):
        return None


def _say_detached(output: Output, asked: StudyAsked) -> None:
    output.show(
        {"run_id": asked.run_id, "workflow_id": workflow_id(asked.run_id)},
        f"Look with `starter.py backtests progress {asked.run_id}`, end it with `starter.py backtests cancel`.",
    )
