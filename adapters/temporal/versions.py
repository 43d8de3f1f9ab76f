"""Builds of the workers beside each other: which one this process is, who runs what, and who is to.

All queues are one deployment: a cycle stays on one build with every step, so no step is asked in words that it does
not know. What lasts for ever goes over: a desk as it continues as new, a watch at its next step.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import structlog
from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.enums.v1 import RoutingConfigUpdateState, TaskQueueType, WorkerDeploymentVersionStatus
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    DescribeWorkerDeploymentResponse,
    ListWorkerDeploymentsRequest,
    SetWorkerDeploymentCurrentVersionRequest,
    SetWorkerDeploymentRampingVersionRequest,
)
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import WorkerDeploymentConfig

from adapters.temporal.pulse import living
from trading.errors import BadConfiguration, TradingError

DEPLOYMENT, BUILD = "TEMPORAL_DEPLOYMENT_NAME", "TEMPORAL_WORKER_BUILD_ID"
"""Temporal's own names of them: its controller for Kubernetes sets both."""
LOOK_SECONDS = 5.0
LOOK_AGAIN_SECONDS, SETTLED_WITHIN_SECONDS = 0.2, 30.0
TIMEOUT = timedelta(seconds=10)
State = Literal["inactive", "current", "ramping", "draining", "drained", "unknown"]
_STATES: dict[int, State] = {
    WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_INACTIVE: "inactive",
    WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_CURRENT: "current",
    WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_RAMPING: "ramping",
    WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_DRAINING: "draining",
    WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_DRAINED: "drained",
}

log = structlog.get_logger()


@dataclass(frozen=True)
class Build:
    """One build of a deployment, as Temporal knows it; `percent` of what begins goes to one that ramps."""

    build_id: str
    state: State
    percent: float | None = None
    since: datetime | None = None


def own() -> WorkerDeploymentVersion | None:
    """Which build this process is; None for a desk that is not rolled out build by build.

    Raises BadConfiguration when only half of it is said.
    """
    deployment, build = os.environ.get(DEPLOYMENT, ""), os.environ.get(BUILD, "")
    if bool(deployment) != bool(build):
        message = f"{DEPLOYMENT} and {BUILD} go together: set both, or neither"
        raise BadConfiguration(message)
    if "." in deployment:
        message = f"{DEPLOYMENT}: {deployment} has a dot, which Temporal puts between it and the build"
        raise BadConfiguration(message)
    return WorkerDeploymentVersion(deployment, build) if build else None


def config_of(version: WorkerDeploymentVersion | None) -> WorkerDeploymentConfig | None:
    """What a worker is told of it: whatever has begun on a build ends there, unless its workflow says otherwise."""
    if version is None:
        return None
    return WorkerDeploymentConfig(
        version=version, use_worker_versioning=True, default_versioning_behavior=VersioningBehavior.PINNED
    )


@contextlib.asynccontextmanager
async def when_current(
    client: Client, version: WorkerDeploymentVersion | None, begin: Callable[[], Awaitable[None]]
) -> AsyncIterator[None]:
    """Begin once this build is the current one, and again whenever it comes back; at once where there are no builds.

    A build that only waits for its turn must not set the clock by what it knows and the others do not.
    """
    if version is None or await is_current(client, version):
        await begin()
    if version is None:
        yield
        return
    watching = asyncio.create_task(_begin_when_current(client, version, begin))
    try:
        yield
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


async def _begin_when_current(
    client: Client, version: WorkerDeploymentVersion, begin: Callable[[], Awaitable[None]]
) -> None:
    was = await is_current(client, version)
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            now = await is_current(client, version)
            if now and not was:
                log.info("this build is the current one", build=version.build_id)
                await begin()
            was = now
        except (RPCError, TradingError) as error:
            log.warning("whether this build is the current one is not known", reason=str(error))


async def is_current(client: Client, version: WorkerDeploymentVersion) -> bool:
    """Whether what begins now begins on this build. Raises RPCError."""
    try:
        found = await _described(client, version.deployment_name)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return found.worker_deployment_info.routing_config.current_deployment_version.build_id == version.build_id


async def deployments(client: Client) -> list[str]:
    """The names of all deployments of the namespace. Raises RPCError."""
    asked = ListWorkerDeploymentsRequest(namespace=client.namespace, page_size=100)
    found = await client.workflow_service.list_worker_deployments(asked, timeout=TIMEOUT)
    return sorted(each.name for each in found.worker_deployments)


async def builds(client: Client, deployment: str) -> list[Build]:
    """Every build that Temporal remembers, the newest first. Raises RPCError."""
    info = (await _described(client, deployment)).worker_deployment_info
    newest = sorted(info.version_summaries, key=lambda one: one.create_time.ToNanoseconds(), reverse=True)
    routing = info.routing_config
    return [
        Build(
            build_id=one.deployment_version.build_id,
            state=_STATES.get(one.status, "unknown"),
            percent=routing.ramping_version_percentage if _is_ramping(one.status) else None,
            since=_moment(one.routing_update_time),
        )
        for one in newest
    ]


async def make_current(client: Client, deployment: str, build: str, *, by: str) -> None:
    """What begins from now on begins on this build. Raises RPCError."""
    token = (await _described(client, deployment)).conflict_token
    asked = SetWorkerDeploymentCurrentVersionRequest(
        namespace=client.namespace, deployment_name=deployment, build_id=build, conflict_token=token, identity=by
    )
    await client.workflow_service.set_worker_deployment_current_version(asked, timeout=TIMEOUT)


async def ramp(client: Client, deployment: str, build: str, percent: float, *, by: str) -> None:
    """This part of what begins from now on begins on this build, chosen by its id. Raises RPCError."""
    token = (await _described(client, deployment)).conflict_token
    asked = SetWorkerDeploymentRampingVersionRequest(
        namespace=client.namespace,
        deployment_name=deployment,
        build_id=build if percent else "",
        percentage=percent,
        conflict_token=token,
        identity=by,
    )
    await client.workflow_service.set_worker_deployment_ramping_version(asked, timeout=TIMEOUT)


async def settled(client: Client, deployment: str) -> None:
    """Wait until every queue has heard of the last change. Raises RPCError, and TimeoutError when some do not."""
    under_way = RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS
    async with asyncio.timeout(SETTLED_WITHIN_SECONDS):
        while await _update_state(client, deployment) == under_way:  # noqa: ASYNC110  the server has to be asked
            await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def served(client: Client, deployment: str, queues: Sequence[str]) -> dict[str, set[str]]:
    """The queues that each build has a living worker for. Raises RPCError.

    The server itself misses only those on which something has happened lately.
    """
    found: dict[str, set[str]] = {}
    for queue in queues:
        for one in await living(client, queue, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY):
            if one.deployment_options.deployment_name == deployment:
                found.setdefault(one.deployment_options.build_id, set()).add(queue)
    return found


async def _update_state(client: Client, deployment: str) -> int:
    return (await _described(client, deployment)).worker_deployment_info.routing_config_update_state


async def _described(client: Client, deployment: str) -> DescribeWorkerDeploymentResponse:
    asked = DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=deployment)
    return await client.workflow_service.describe_worker_deployment(asked, timeout=TIMEOUT)


def _is_ramping(status: int) -> bool:
    return status == WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_RAMPING


def _moment(at: Timestamp) -> datetime | None:
    return at.ToDatetime(UTC) if at.seconds else None
