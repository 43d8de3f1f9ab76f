"""A worker whose models cost something and that is made to be killed between the money and the answer."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from decimal import Decimal
from pathlib import Path

from temporalio.client import Client

from adapters.postgres.engine import application_engine
from adapters.postgres.journal import PostgresJournal
from adapters.rules_model import RulesModel
from adapters.temporal.ending import leave
from adapters.temporal.plugin import DeskPlugin
from tests.fakes.seats import Dear, cast, seat
from tests.faults.doom import Doom, Trace
from tests.faults.doomed import PR_SET_PDEATHSIG, Counting, Life
from tests.rig import Ports, serving
from trading.agents.budget import Budget, Caps, Choice
from trading.agents.questions import ModelCall
from trading.spending import Settlement, SpendAsked
from worker import GRACE
from workflows import policies

CAP = Decimal(3)
MOST, TAKEN = "0.1", "0.02"


class Doomed(PostgresJournal):
    """Dies where that was armed: with the money reserved, with the answer in hand, or with both kept."""

    doom: Doom

    async def reserve(self, asked: SpendAsked) -> Choice:
        choice = await super().reserve(asked)
        if choice.chosen is not None:
            self.doom.reached("reserve", "after")
        return choice

    async def keep(self, call: ModelCall, settled: Settlement | None = None) -> None:
        self.doom.reached("keep", "before")
        await super().keep(call, settled)
        self.doom.reached("keep", "after")


def pay(life: Life) -> None:
    """Serve a desk that pays until death."""
    if sys.platform == "linux":  # the fork server ends with the test run, and takes its children with it
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    os.chdir(Path(__file__).parent.parent.parent)
    asyncio.run(_serve(life))
    leave(0)


async def _serve(life: Life) -> None:
    client = await Client.connect(life.address, namespace=life.namespace, plugins=[DeskPlugin()])
    engine, trace, doom = application_engine(life.database), Trace(life.folder), Doom(life.folder)
    journal = Doomed(engine)
    journal.doom = doom
    model = Counting(Dear(RulesModel(), TAKEN), journal, trace)
    budget = Budget(day=Caps(usd=CAP))
    ports = Ports.real(engine, life.data).but(journal=journal, cast=cast(seat(model, MOST)), budget=budget)
    options = {"graceful_shutdown_timeout": GRACE, "sticky_queue_schedule_to_start_timeout": policies.STICKY}
    async with serving(client, ports, interceptors=[doom], **options):
        trace.note("ready")
        await asyncio.Event().wait()
