"""A worker that watches prices and is made to be killed; a test writes the prices into a file."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from activities.price_looks import Eyes, Hands, WatchPlan
from activities.price_watching import PriceWatchingActivities
from adapters.postgres.engine import application_engine
from adapters.postgres.ledger import PostgresLedger
from adapters.temporal.ending import leave
from adapters.temporal.plugin import DeskPlugin
from console.door import SignalledDesk
from tests.fakes.always_open import AlwaysOpen, Closed
from tests.fakes.faulty import KILLED
from tests.fakes.market import FakeMarket
from tests.fakes.universes import by_name
from tests.faults.doom import Trace
from tests.faults.doomed import PR_SET_PDEATHSIG, Life
from tests.rig import Ports, serving
from trading.desk import PriceMoved
from trading.events import Event, EventType
from trading.market import Dropped, Quote
from trading.moves import Pace
from trading.price_watch import WatchRules
from trading.watch_ports import MoveLog
from worker import GRACE
from workflows import policies

SYMBOLS = tuple(f"S{number}" for number in range(12))
RULES = WatchRules(confirm_quotes=2, pace=Pace(cool_down_minutes=60, most_a_day=1000))
PLAN = WatchPlan(symbols=SYMBOLS, rules=RULES, poll_every=timedelta(milliseconds=50))


class Tape(FakeMarket):
    """A market whose prices stand in a file; of a symbol that is not there, 100."""

    def __init__(self, folder: Path) -> None:
        super().__init__(SYMBOLS)
        self._file = folder / "tape.json"

    def write(self, prices: Mapping[str, str]) -> None:
        """Set the prices of now, all at once."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(dict(prices)))
        fresh.rename(self._file)

    async def quotes(self, symbols: Sequence[str], as_of: datetime) -> Mapping[str, Quote | Dropped]:
        prices = json.loads(self._file.read_text()) if self._file.exists() else {}
        return {symbol: _quote(symbol, Decimal(prices.get(symbol, "100")), as_of) for symbol in symbols}


def _quote(symbol: str, price: Decimal, at: datetime) -> Quote:
    return Quote(symbol=symbol, bid=price, ask=price, last=price, quoted_at=at)


@dataclass(frozen=True)
class Fate:
    """Where a watch dies: the word in the file `armed`, which dies with it."""

    folder: Path

    def meet(self, where: str) -> None:
        armed = self.folder / "armed"
        if armed.exists() and armed.read_text().strip() == where:
            armed.unlink()
            os._exit(KILLED)


class MortalLedger(PostgresLedger):
    """Books whose writer may die just before or just after a move is written."""

    def __init__(self, engine: AsyncEngine, fate: Fate) -> None:
        super().__init__(engine)
        self._fate = fate

    async def record(self, events: Sequence[Event]) -> None:
        is_move = any(event.type is EventType.PRICE_MOVED for event in events)
        if is_move:
            self._fate.meet("unwritten")
        await super().record(events)
        if is_move:
            self._fate.meet("written")


class MortalDoor(SignalledDesk):
    """A door before which one may die as the desk has been told."""

    def __init__(self, fate: Fate) -> None:
        self._fate = fate

    async def price_moved(self, desk_id: str, moved: PriceMoved) -> None:
        await super().price_moved(desk_id, moved)
        self._fate.meet("told")


class WatchedPorts(Ports):
    """A desk whose looks end at the gate, for its exchange is closed; the watch finds it open."""

    fate: Fate

    def watching(self, moves: MoveLog) -> PriceWatchingActivities:
        hands = Hands(self.broker, self.ledger, self.holders, moves, MortalDoor(self.fate))
        return PriceWatchingActivities(Eyes(self.market, AlwaysOpen(), by_name), hands, PLAN)


def watched(engine: AsyncEngine, life: Life) -> Ports:
    """The ports of such a worker."""
    ports: Any = WatchedPorts.real(engine, life.data)
    ports.fate = Fate(life.folder)
    ports.market, ports.calendar = Tape(life.folder), Closed()
    ports.ledger = MortalLedger(engine, ports.fate)
    known: Ports = ports
    return known


def live(life: Life) -> None:
    """Serve until death."""
    if sys.platform == "linux":  # as in doomed.py
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    asyncio.run(_serve(life))
    leave(0)


async def _serve(life: Life) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    client = await Client.connect(life.address, namespace=life.namespace, plugins=[DeskPlugin()])
    engine, trace = application_engine(life.database), Trace(life.folder)
    options = {"graceful_shutdown_timeout": GRACE, "sticky_queue_schedule_to_start_timeout": policies.STICKY}
    async with serving(client, watched(engine, life), **options):
        trace.note("ready")
        await stop.wait()
    await engine.dispose()
