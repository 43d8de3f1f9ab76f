"""What a command has in its hands: the desk's books, its workflow, and whether anyone serves it.

The workflow is asked by the names of its queries here: importing it would cost each look a second.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import quote

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from adapters.postgres.engine import Database, application_engine
from adapters.postgres.ledger import PostgresLedger
from adapters.postgres.reports import Reports
from adapters.temporal import pulse
from trading.desk import CycleLine
from trading.errors import NoBooks

LOOK_TIMEOUT = timedelta(seconds=3)
START_ONE = "start one with `make run` or `worker.py`"


class DeskBooks:
    """One desk's books: the ledger, and reports on it."""

    def __init__(self, engine: AsyncEngine, desk_id: str) -> None:
        self.engine = engine
        self.desk_id = desk_id
        self.ledger = PostgresLedger(engine)
        self.reports = Reports(engine, desk_id)


@asynccontextmanager
async def books_of(database: Database, desk_id: str) -> AsyncIterator[DeskBooks]:
    """Open a desk's books. Raises NoBooks when the desk has none yet."""
    engine = application_engine(database, pool_size=1)
    try:
        books = DeskBooks(engine, desk_id)
        await has_books(books)
        yield books
    finally:
        await engine.dispose()


async def has_books(books: DeskBooks) -> None:
    """See that a desk has books. Raises NoBooks when it has none yet."""
    if not await books.reports.is_open():
        mend = "run a cycle (`starter.py run SYMBOL`), or set DESK_ID to another"
        raise NoBooks(f"desk {books.desk_id} has no books yet: {mend}")


async def cycles(client: Client, desk_id: str) -> list[CycleLine] | None:
    """The cycles that the desk remembers, newest last; None when no worker answers, or the desk never ran."""
    handle = client.get_workflow_handle(workflow_id(desk_id))
    try:
        known: list[CycleLine] = await handle.query("cycles", result_type=list[CycleLine], rpc_timeout=LOOK_TIMEOUT)
    except (RPCError, WorkflowQueryFailedError):
        return None
    return known


async def runs(client: Client, desk_id: str) -> bool:
    """Whether the desk's workflow is there, as far as the server knows."""
    try:
        found = await client.get_workflow_handle(workflow_id(desk_id)).describe(rpc_timeout=LOOK_TIMEOUT)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return found.status is WorkflowExecutionStatus.RUNNING


async def pollers(client: Client, queue: str) -> int:
    """How many workers have asked this queue for work lately; the smaller number of workflows and activities counts."""
    kinds = [TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY]
    if queue == "desk":
        kinds.append(TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW)
    return min([len(await pulse.pollers(client, queue, kind)) for kind in kinds])


def workflow_id(desk_id: str) -> str:
    """The one workflow of a desk."""
    return f"desk/{desk_id}"


def workflow_url(ui_url: str | None, client: Client, workflow: str) -> str | None:
    """The page of a workflow in Temporal's Web UI; None where no UI is known."""
    return None if ui_url is None else f"{ui_url}/namespaces/{client.namespace}/workflows/{quote(workflow, safe='')}"
