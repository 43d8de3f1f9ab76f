"""What must stand before a desk is served: the namespace, and the books at this code's revision.

Each answers with what it found and raises BadConfiguration, `what: how to mend it`, for what differs.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from adapters.postgres.migrations import revision
from trading.errors import BadConfiguration


async def namespace(client: Client) -> str:
    """The namespace that the client works in. Raises RPCError for any failure but its absence."""
    try:
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        message = f"Temporal has no namespace {client.namespace}: create it, or correct TEMPORAL_NAMESPACE"
        raise BadConfiguration(message) from error
    return client.namespace


async def migrations(engine: AsyncEngine) -> str:
    """The revision of the books, which is this code's. Raises as `transaction` does when there is no database."""
    current, head = await revision(engine)
    if current != head:
        message = (
            f"the books are at revision {current or 'none'}, this code needs {head}: "
            "run `starter.py migrate`, or `make run`"
        )
        raise BadConfiguration(message)
    return head
