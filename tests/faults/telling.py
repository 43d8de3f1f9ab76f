"""A worker that tells alerts and is made to be killed, before a message or between it and the remembrance of it."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr
from temporalio.client import Client
from temporalio.worker import Worker

from activities.alerting import AlertingActivities, Pace
from adapters.channels.discord import DiscordChannel
from adapters.postgres.alerts import PostgresAlerts
from adapters.postgres.engine import Database, application_engine
from adapters.postgres.ledger import PostgresLedger
from adapters.temporal.plugin import DeskPlugin
from tests.faults.doomed import PR_SET_PDEATHSIG
from trading.notices import Notice, Settled
from workflows import policies
from workflows.alert_watch import AlertWatch

PACE = Pace(look=timedelta(milliseconds=50), rest=timedelta(milliseconds=200))


@dataclass(frozen=True)
class Teller:
    """Where it lives, the addresses it tells, and the file that says where it dies next."""

    address: str
    namespace: str
    database: Database
    hooks: Sequence[str]
    armed: Path

    def dies(self, where: str) -> None:
        """End as SIGKILL would, once, if that was armed."""
        if self.armed.exists() and self.armed.read_text() == where:
            self.armed.unlink()
            os.kill(os.getpid(), signal.SIGKILL)


class Dying(PostgresAlerts):
    """Books that are not written any more: what they should remember has just been told."""

    life: Teller

    async def settle(self, desk_id: str, channel: str, settled: Settled) -> None:
        if settled.alerts:
            self.life.dies("between")
        await super().settle(desk_id, channel, settled)
        if settled.alerts:
            self.life.dies("after")


class Doomed(DiscordChannel):
    """A channel that was about to say something."""

    def __init__(self, number: int, url: str, life: Teller) -> None:
        super().__init__(SecretStr(url), timeout_seconds=10)
        self.name = f"discord-{number}"
        self._life = life

    async def send(self, notice: Notice) -> None:
        self._life.dies("before")
        await super().send(notice)


def live(life: Teller) -> None:
    """Serve until death."""
    if sys.platform == "linux":  # the fork server ends with the test run, and takes its children with it
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    asyncio.run(_serve(life))


async def _serve(life: Teller) -> None:
    client = await Client.connect(life.address, namespace=life.namespace, plugins=[DeskPlugin()])
    engine = application_engine(life.database)
    alerts = Dying(engine)
    alerts.life = life
    channels = [Doomed(number, url, life) for number, url in enumerate(life.hooks, 1)]
    teller = AlertingActivities(alerts, PostgresLedger(engine), channels, pace=PACE)
    async with Worker(
        client, task_queue=policies.DESK_QUEUE, workflows=[AlertWatch], activities=[teller.deliver_alerts]
    ):
        await asyncio.Event().wait()
