"""Cycles without a pause, each of a desk of its own, while a test hurts what they run on."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from temporalio.client import Client

from tests.faults.proving import BOUGHT, asked, at_rest, ended, sent, shown, tell, wrongs
from tests.rig import Ports, request
from trading.docket import CycleOutcome, CycleReport

_numbers = count(1)


class Load:
    """The desks that were asked for a cycle, and how each ended."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.reports: dict[str, CycleReport] = {}
        self.ended_at: dict[str, float] = {}
        self._enough = asyncio.Event()

    def enough(self) -> None:
        """Ask for no more cycles."""
        self._enough.set()

    async def stream(self) -> None:
        """One cycle after the other, at least one."""
        while True:
            desk_id = f"load-{next(_numbers)}"
            ticket = await asked(self.client, request(*BOUGHT), desk_id)
            self.reports[desk_id] = await ended(self.client, ticket)
            await at_rest(self.client, desk_id)
            await sent(self.client, self.reports[desk_id])
            self.ended_at[desk_id] = time.monotonic()
            if self._enough.is_set():
                return

    async def wrongs(self, ports: Ports) -> list[str]:
        """Everything that is wrong with any of the desks."""
        return [f"{desk_id}: {wrong}" for desk_id in self.reports for wrong in await wrongs(ports, desk_id)]

    def failures(self) -> list[str]:
        """Why cycles ended as failed: safe, but not what a short fault is allowed to cost."""
        return [report.reason for report in self.reports.values() if report.outcome is CycleOutcome.FAILED]

    def told(self, title: str, *, since: float) -> None:
        """Print the figures; `since` is when what was hurt last was back, in monotonic seconds."""
        ways = Counter(str(report.outcome) for report in self.reports.values())
        orders = sum(row.order_state == "filled" for report in self.reports.values() for row in report.rows)
        ends = shown(at - since for at in self.ended_at.values() if at > since)
        tell(
            f"{title}\n  {sum(ways.values())} cycles {dict(ways)}, {orders} orders filled; after the last fault: {ends}"
        )


@asynccontextmanager
async def under_load(client: Client, streams: int) -> AsyncIterator[Load]:
    """So many streams of cycles while the block runs; left, all have ended."""
    load = Load(client)
    async with asyncio.TaskGroup() as group:
        for _ in range(streams):
            group.create_task(load.stream())
        yield load
        load.enough()
