"""What the servers must be like, one check each, on the code path that a worker or a cycle takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from adapters.postgres.engine import APPLICATION_ROLE
from adapters.postgres.memory_stats import vector_version
from adapters.postgres.reports import Reports
from console import ready
from console.check import Health, Unwell
from console.desk import pollers
from settings import Settings
from trading.errors import ModelRefused, ModelUnavailable
from wiring.memory import embedder_of
from workflows import search_attributes

MOST_SKEW = timedelta(seconds=2)
ALERTS = "alerts"
WATCHES = (ALERTS, "broker-watch", "price-watch")
MOST_TRIES = 3
"""Of one step of a workflow: a worker that ends may cost one or two."""
LEAST_PGVECTOR = (0, 8)
"""The first that walks its graphs on until what was asked beside them fits."""


async def temporal(client: Client) -> str:
    """The server's version, and that it has the namespace."""
    info = await client.workflow_service.get_system_info(GetSystemInfoRequest())
    namespace = await ready.namespace(client)
    return f"server {info.server_version} at {client.service_client.config.target_host}, namespace {namespace}"


async def attributes(client: Client) -> str:
    """The search attributes that cycles are found by."""
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    wanted = {key.name for key in (*search_attributes.KEYWORDS, *search_attributes.KEYWORD_LISTS)}
    missing = sorted(wanted - set(listed.custom_attributes))
    if missing:
        raise Unwell(f"missing: {', '.join(missing)}", "start worker.py: it creates them")
    return f"all {len(wanted)} are there"


async def queue(client: Client, name: str) -> str:
    """The workers of one queue."""
    count = await pollers(client, name)
    if not count:
        raise Unwell("nobody", f"start `worker.py --queues {name}`, or `make run`")
    return "1 worker" if count == 1 else f"{count} workers"


async def watches(client: Client, desk_id: str) -> str:
    """The workflows that tell alerts and follow orders and prices: that each which has begun goes on."""
    going = []
    for kind in WATCHES:
        try:
            found = await client.get_workflow_handle(f"{kind}/{desk_id}").describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            continue
        tries = found.raw_description.pending_workflow_task.attempt
        if tries > MOST_TRIES:
            mend = "`starter.py logs --level warning` says why; it goes on with a worker that can"
            raise Unwell(f"{kind} stands still: its step was tried {tries} times", mend, status=Health.WARN)
        if found.status is WorkflowExecutionStatus.RUNNING:
            going.append(kind)
    if ALERTS not in going:
        raise Unwell("nobody tells alerts", "start `worker.py --queues orders`, or `make run`", status=Health.WARN)
    return ", ".join(going)


async def migrations(engine: AsyncEngine) -> str:
    """The schema's revision against this code's."""
    return f"revision {await ready.migrations(engine)}, the newest"


async def role(reports: Reports) -> str:
    """Who the application is, and that it cannot change the log."""
    identity = await reports.identity()
    if identity.role != APPLICATION_ROLE or identity.may_change_events:
        found = f"{identity.role}, which {'may' if identity.may_change_events else 'may not'} change events"
        raise Unwell(found, "migrate the database as its owner, and check the rights on table events")
    return f"{identity.role}, PostgreSQL {identity.server_version}"


async def memory(settings: Settings, engine: AsyncEngine) -> str:
    """What finds memories: pgvector in the database, and an embedder that answers.

    A desk trades without them as one that remembers nothing. A key that is missing stops its worker.
    """
    if not settings.memory.enabled:
        return "off: MEMORY_ENABLED is false"
    found = await vector_version(engine)
    if found is None or tuple(map(int, found.split(".")[:2])) < LEAST_PGVECTOR:
        mend = "an administrator installs pgvector 0.8 or newer, and runs CREATE EXTENSION vector, or ALTER … UPDATE"
        raise Unwell(f"pgvector {found or 'is not there'}", mend, status=Health.WARN)
    embedder = embedder_of(settings)
    try:
        await embedder.embed(["a breakout on thin volume"])
    except (ModelUnavailable, ModelRefused) as error:
        mend = "until then nothing new is remembered: mend it, or name another MEMORY_EMBEDDER"
        raise Unwell(str(error), mend, status=Health.WARN) from error
    return f"pgvector {found}, {embedder.name}"


async def clock(reports: Reports) -> str:
    """How far the database's clock is from ours, half the way there and back allowed for."""
    asked_at = datetime.now(UTC)
    there_at = (await reports.identity()).now_at
    ours_at = asked_at + (datetime.now(UTC) - asked_at) / 2
    skew = abs(there_at - ours_at)
    found = f"{skew.total_seconds():.2f} s apart"
    if skew > MOST_SKEW:
        raise Unwell(found, "set both machines' clocks by NTP")
    return found
