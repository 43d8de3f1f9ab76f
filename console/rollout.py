"""`rollout`: which build of the workers runs what begins now, as a person sees and steers it."""

from __future__ import annotations

import os
from collections.abc import Awaitable
from typing import TypeVar

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from adapters.temporal.connection import connect
from adapters.temporal.versions import DEPLOYMENT, Build, builds, deployments, make_current, served, settled
from adapters.temporal.versions import ramp as ramp_to
from console.output import Output, Tone, grid, toned
from console.reach import reach
from settings import Settings
from trading.errors import BadConfiguration
from workflows import policies
from workflows.trading_desk import TradingDesk

Answer = TypeVar("Answer")
BY = "starter.py rollout"
DESKS = "WorkflowType = 'TradingDesk' AND ExecutionStatus = 'Running'"
MEANS = {
    "current": "what begins, begins here",
    "ramping": "a part of what begins",
    "draining": "work is left here: keep its workers",
    "drained": "nothing is left: its workers may go",
    "inactive": "waits for its turn",
    "unknown": "",
}
TONES: dict[str, Tone] = {"current": "good", "ramping": "odd", "draining": "odd"}


async def listing(settings: Settings, output: Output, deployment: str | None) -> int:
    """Every build of a deployment."""
    client = await connect(reach(settings).temporal_address)
    name = await _named(client, deployment)
    _show(name, await _heard(builds(client, name)), output)
    return 0


async def current(settings: Settings, output: Output, deployment: str | None, build: str) -> int:
    """Make a build the current one, and wake the desks, which go over to it."""
    client = await connect(reach(settings).temporal_address)
    name = await _named(client, deployment)
    await current_build(client, name, build)
    _show(name, await _heard(builds(client, name)), output)
    return 0


async def ramp(settings: Settings, output: Output, deployment: str | None, to: tuple[str, float]) -> int:
    """Give a build a part of what begins."""
    client = await connect(reach(settings).temporal_address)
    name = await _named(client, deployment)
    build, percent = to
    if percent:
        await _see(client, name, build)
    await _heard(ramp_to(client, name, build, percent, by=BY))
    await over(client, name)
    _show(name, await _heard(builds(client, name)), output)
    return 0


async def current_build(client: Client, deployment: str, build: str) -> None:
    """Make it the current one, and see the desks go over. Raises BadConfiguration when it is not ready for that."""
    await _see(client, deployment, build)
    await _heard(make_current(client, deployment, build, by=BY))
    await over(client, deployment)


async def _see(client: Client, deployment: str, build: str) -> None:
    """Whether a build has a worker for every queue. Raises BadConfiguration when it has not.

    Wanted are those that a desk needs to trade, and whatever the current build serves besides.
    """
    by_build = await _heard(served(client, deployment, policies.ALL_QUEUES))
    known = await _heard(builds(client, deployment))
    now = {one.build_id for one in known if one.state == "current"}
    wanted = set(policies.QUEUES).union(*(by_build.get(one, set()) for one in now))
    missing = sorted(wanted - by_build.get(build, set()))
    if missing:
        raise BadConfiguration(f"build {build} has no worker for {', '.join(missing)}: start them first")


async def over(client: Client, deployment: str) -> None:
    """Once every queue knows, wake the desks. Raises BadConfiguration when a queue does not hear of it in time."""
    try:
        await _heard(settled(client, deployment))
    except TimeoutError as error:
        raise BadConfiguration(
            "it holds, but not every queue has heard of it yet: type it again to have waiting desks go over"
        ) from error
    await wake(client)


async def wake(client: Client) -> int:
    """Let every desk look whether another build is to go on with it: one that waits learns of nothing."""
    woken = 0
    async for one in client.list_workflows(DESKS):
        try:
            await client.get_workflow_handle_for(TradingDesk.run, one.id).signal(TradingDesk.books_changed)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        else:
            woken += 1
    return woken


async def _named(client: Client, deployment: str | None) -> str:
    """The deployment that is meant. Raises BadConfiguration when there is none, or more than one."""
    name = deployment or os.environ.get(DEPLOYMENT)
    if name:
        return name
    found = await _heard(deployments(client))
    if len(found) == 1:
        return found[0]
    there = f"there are {', '.join(found)}: say --deployment" if found else f"no worker has told one: set {DEPLOYMENT}"
    raise BadConfiguration(f"no deployment is named, and {there}")


async def _heard(asked: Awaitable[Answer]) -> Answer:
    """What Temporal answers. Raises BadConfiguration with its words when it refuses."""
    try:
        return await asked
    except RPCError as error:
        raise BadConfiguration(f"Temporal refuses: {error.message}") from error


def _show(deployment: str, found: list[Build], output: Output) -> None:
    table = grid("build", "state", ">of what begins", "~means")
    ramping = sum(one.percent or 0 for one in found)
    for one in found:
        percent = 100 - ramping if one.state == "current" else one.percent
        part = "" if percent is None else f"{percent:g}%"
        table.add_row(one.build_id, toned(one.state, TONES.get(one.state, "plain")), part, MEANS[one.state])
    output.show({"deployment": deployment, "builds": found}, table)
