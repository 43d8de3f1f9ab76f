"""A worker that is made to be killed: the whole desk in a process of its own, forked from one that has all imported."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from temporalio.client import Client

from activities.gate import GateRules
from adapters.postgres.engine import Database, application_engine
from adapters.rules_model import RulesModel
from adapters.temporal.ending import leave
from adapters.temporal.plugin import DeskPlugin
from tests.faults.doom import Doom, Trace
from tests.faults.reckless import ForgetfulJournal, ForgetfulLedger, RecklessBroker
from tests.rig import Ports, serving
from trading.agents.questions import Question, Reply
from trading.breaker_rules import BreakerRules
from trading.ports import Journal, LanguageModel
from worker import GRACE
from workflows import policies

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Life:
    """Where a worker lives: its servers, its traces, its rules, and whether it lost what makes it safe."""

    address: str
    namespace: str
    database: Database
    data: Path
    folder: Path
    reckless: bool = False
    breaker: BreakerRules | None = None
    gate: GateRules | None = None


class Counting:
    """A model that notes every question it is asked, and every one that an earlier life of the worker had answered.

    Two desks that ask the same at once are no repetition: neither question had its answer when it was asked.
    """

    def __init__(self, model: LanguageModel, journal: Journal, trace: Trace) -> None:
        self._model = model
        self._journal = journal
        self._trace = trace
        self._born_at = datetime.now(UTC)

    async def answer(self, question: Question) -> Reply:
        known = await self._journal.find(question.call_id)
        again = known is not None and known.replied_at < self._born_at
        self._trace.note("asked-again" if again else "asked", question.agent, question.call_id)
        return await self._model.answer(question)


def live(life: Life) -> None:
    """Serve until SIGTERM, or until death."""
    if sys.platform == "linux":  # the fork server ends with the test run, and takes its children with it
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    os.chdir(Path(__file__).parent.parent.parent)
    asyncio.run(_serve(life))
    leave(0)


async def _serve(life: Life) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    client = await Client.connect(life.address, namespace=life.namespace, plugins=[DeskPlugin()])
    engine, trace = application_engine(life.database), Trace(life.folder)
    ports = Ports.real(engine, life.data)
    ports = ports.but(model=Counting(RulesModel(), ports.journal, trace), breaker=life.breaker or ports.breaker)
    ports = ports.but(rules=life.gate or ports.rules)
    if life.reckless:
        broker = RecklessBroker(ports.broker)
        ports = ports.but(
            broker=broker,
            ledger=ForgetfulLedger(ports.ledger),
            journal=ForgetfulJournal(ports.journal),
        )
    options = {"graceful_shutdown_timeout": GRACE, "sticky_queue_schedule_to_start_timeout": policies.STICKY}
    async with serving(client, ports, interceptors=[Doom(life.folder)], **options):
        trace.note("ready")
        await stop.wait()
        trace.note("draining")
    await engine.dispose()
