"""A worker of studies that is made to be killed: it tries combinations slowly, and notes each that it tries."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import sys
from pathlib import Path

from temporalio.client import Client
from temporalio.worker import Worker

from activities.backtests import BacktestActivities
from adapters.postgres.backtests import PostgresRuns
from adapters.postgres.engine import application_engine
from adapters.temporal.ending import leave
from adapters.temporal.plugin import DeskPlugin
from backtest.data.panels import Panels
from backtest.studies.runs import Studies
from tests.faults.doom import Doom, Trace
from tests.faults.doomed import PR_SET_PDEATHSIG, Life
from tests.studies import Slowly
from trading.grids import Parameters
from worker import GRACE
from workflows import policies
from workflows.backtest import Backtest

SECONDS = 0.02
"""That one combination takes here."""


class Noting(Slowly):
    """Notes what it tries where another life can read it."""

    def __init__(self, trace: Trace) -> None:
        super().__init__(SECONDS)
        self._trace = trace

    def note(self, parameters: Parameters) -> None:
        self._trace.note("tried", json.dumps(parameters))


def study(life: Life) -> None:
    """Serve until SIGTERM, or until death."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    os.chdir(Path(__file__).parent.parent.parent)
    asyncio.run(_serve(life))
    leave(0)


async def _serve(life: Life) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    client = await Client.connect(life.address, namespace=life.namespace, plugins=[DeskPlugin()])
    engine, trace = application_engine(life.database), Trace(life.folder)
    studies = BacktestActivities(Studies(PostgresRuns(engine), Panels(), Noting(trace)))
    worker = Worker(
        client,
        task_queue=policies.BACKTESTS_QUEUE,
        workflows=[Backtest],
        activities=[studies.prepare_study, studies.run_chunk, studies.judge_fold, studies.finish_study],
        interceptors=[Doom(life.folder)],
        max_concurrent_activities=policies.MOST_CHUNKS_AT_ONCE,
        graceful_shutdown_timeout=GRACE,
        sticky_queue_schedule_to_start_timeout=policies.STICKY,
        debug_mode=True,
    )
    async with worker:
        trace.note("ready")
        await stop.wait()
    await engine.dispose()
