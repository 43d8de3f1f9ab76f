"""A worker that answers questions with a model that costs something, and that is made to be killed in their midst."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from temporalio.client import Client

from adapters.postgres.engine import application_engine
from adapters.postgres.journal import PostgresJournal
from adapters.temporal.ending import leave
from adapters.temporal.plugin import DeskPlugin
from tests.fakes.model import ScriptedModel, Words, concludes, listed, looks_up
from tests.fakes.seats import Dear, cast, seat
from tests.fakes.tools import ScriptedTools
from tests.faults.doom import Doom, Trace
from tests.faults.doomed import PR_SET_PDEATHSIG, Counting, Life
from tests.rig import Ports, serving
from trading.agents.questions import Agent, Question
from trading.inquiry import Finding, LookupAsked, Tool
from worker import GRACE
from workflows import policies

ANSWER = "It was cash."


class OfDesk(ScriptedTools):
    """Tells of each desk an event of its own."""

    async def look_up(self, asked: LookupAsked) -> Finding:
        name = f"{asked.desk_id}/DeskOpened"
        return Finding(lookup=asked.lookup, text=f"event_id | type\n{name} | DeskOpened", ids=(name,), rows=1)

    async def known(self, desk_id: str, ids: Sequence[str]) -> frozenset[str]:
        return frozenset(ids) & {f"{desk_id}/DeskOpened"}


def _says(question: Question) -> Words:
    """Two turns of look-ups, then the answer: by what is told, so that every life says the same."""
    found = listed(question, "findings")
    if not found:
        return looks_up({"tool": Tool.QUERY_EVENTS.value}, {"tool": Tool.BREAKER_HISTORY.value})
    if len(found) < 3:
        return looks_up({"tool": Tool.PORTFOLIO_AT.value})
    return concludes(ANSWER, found[0]["ids"][0])


def answer(life: Life) -> None:
    """Serve a desk that answers until death."""
    if sys.platform == "linux":  # the fork server ends with the test run, and takes its children with it
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    os.chdir(Path(__file__).parent.parent.parent)
    asyncio.run(_serve(life))
    leave(0)


async def _serve(life: Life) -> None:
    client = await Client.connect(life.address, namespace=life.namespace, plugins=[DeskPlugin()])
    engine, trace = application_engine(life.database), Trace(life.folder)
    journal = PostgresJournal(engine)
    model = Counting(Dear(ScriptedModel({Agent.INQUIRER: _says}), "0.01"), journal, trace)
    ports = Ports.real(engine, life.data).but(journal=journal, cast=cast(seat(model, "0.02")), tools=OfDesk())
    options = {"graceful_shutdown_timeout": GRACE, "sticky_queue_schedule_to_start_timeout": policies.STICKY}
    async with serving(client, ports, interceptors=[Doom(life.folder)], **options):
        trace.note("ready")
        await asyncio.Event().wait()
