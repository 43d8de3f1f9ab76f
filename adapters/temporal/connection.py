"""One way to reach Temporal, for worker, starter and tests.

Temporal's own environment configuration, then the embedded server.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.plugin import SimplePlugin
from temporalio.runtime import Runtime
from temporalio.service import RPCError, RPCStatusCode

from adapters.temporal import speaking
from adapters.temporal.plugin import DeskPlugin
from adapters.tracing import spans
from trading.errors import BadConfiguration

NAMESPACE = "trading"
# A server that does not answer a connection in this time is not there; a person is waiting.
CONNECT_TIMEOUT = timedelta(seconds=8)


async def connect(embedded_address: str | None = None, runtime: Runtime | None = None) -> Client:
    """Connect as `TEMPORAL_ADDRESS` and its siblings (profile, TLS, API key) say, else to the embedded server.

    A process that tells metrics has a runtime that tells Temporal's too. Raises BadConfiguration in one line when
    there is no server or no such namespace.
    """
    config = named()
    if "target_host" not in config:
        if embedded_address is None:
            message = "no Temporal server: start one with `make run`, or set TEMPORAL_ADDRESS"
            raise BadConfiguration(message)
        config["target_host"] = embedded_address
        config.setdefault("namespace", NAMESPACE)
    try:
        client = await Client.connect(
            **config,
            plugins=[DeskPlugin(), *_tracing()],
            connect_timeout=CONNECT_TIMEOUT,
            runtime=runtime or speaking.runtime(),
        )
        await client.service_client.check_health(timeout=CONNECT_TIMEOUT)
    except (RPCError, RuntimeError, ValueError) as error:
        reason = _plainest(error)
        message = f"no Temporal server at {config['target_host']} ({reason}): start it, or correct TEMPORAL_ADDRESS"
        raise BadConfiguration(message) from error
    return client


def _tracing() -> list[SimplePlugin]:
    """What hands traces on, once tracing is on."""
    if not spans.are_on():
        return []
    from adapters.tracing.temporal import plugins  # noqa: PLC0415  OpenTelemetry, for those alone who export

    return plugins()


def named() -> ClientConnectConfig:
    """What Temporal's own environment configuration says; no `target_host` when it names no server."""
    try:
        return ClientConfig.load_client_connect_config()
    except (ValueError, OSError, RuntimeError) as error:
        message = f"Temporal's configuration (TEMPORAL_…) cannot be read: {error}"
        raise BadConfiguration(message) from error


async def add_missing_search_attributes(client: Client, keys: Iterable[SearchAttributeKey[Any]]) -> None:
    """Create the desk's search attributes where absent; the dev server's own flag is ignored on an existing file."""
    operator = client.operator_service
    known = await operator.list_search_attributes(ListSearchAttributesRequest(namespace=client.namespace))
    missing = {
        key.name: IndexedValueType.ValueType(key.indexed_value_type.value)
        for key in keys
        if key.name not in known.custom_attributes
    }
    if missing:
        try:
            await operator.add_search_attributes(
                AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
            )
        except RPCError as error:
            # Two workers that start together both find them missing; the second is told that they exist.
            if error.status is not RPCStatusCode.ALREADY_EXISTS:
                raise


def _plainest(error: BaseException) -> str:
    """The part of an error's first line that a person reads: the client prints a structure around it."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    within = re.findall(r'(?:message|error): "([^"]+)"', line)
    return str(within[-1]) if within else line
