"""Kill -9 of the worker that watches prices: each move is written once and looked at once, wherever it dies."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from adapters.postgres.engine import Database
from console.routine import begin_routine
from tests.clocks import WEEKDAYS
from tests.faults.doomed import Life
from tests.faults.lives import Lives
from tests.faults.proving import tell
from tests.faults.watched import SYMBOLS, Tape, live
from tests.making import DESK
from tests.rig import Ports, until
from tests.workflows.breaking import opened
from trading.audit import audit
from trading.events import EventType

PATIENCE_SECONDS = 60
PLACES = ("unwritten", "written", "told", "")


async def counted(ports: Ports, kind: EventType) -> Counter[str]:
    """How often each symbol is in the log's moves, or in the looks that they asked for."""
    events = [stored.event for stored in (await ports.ledger.books(DESK)).events]
    data = [event.data for event in events if event.type is kind]
    if kind is EventType.CYCLE_STARTED:
        return Counter(str(one["symbols"][0]) for one in data if isinstance(one["symbols"], list))
    return Counter(str(one["symbol"]) for one in data)


@asynccontextmanager
async def alive(life: Life) -> AsyncIterator[Lives]:
    """A worker that watches, whose last life ends with the block."""
    lives = Lives(life, live)
    await lives.begin()
    try:
        yield lives
    finally:
        await lives.terminate()


async def dies(lives: Lives, place: str, after: float) -> None:
    """Where it was armed to; without a place by a kill, after so many seconds."""
    if place:
        await lives.end()
    else:
        await asyncio.sleep(after)
        await lives.kill()
    await lives.begin()


@pytest.mark.faults
@pytest.mark.timeout(400)
async def test_a_watch_that_is_killed_anywhere_loses_no_move_and_tells_none_twice(
    temporal: WorkflowEnvironment, engine: AsyncEngine, database: Database, sample_data: Path, tmp_path: Path
) -> None:
    ports, tape, client = Ports.real(engine, sample_data), Tape(tmp_path), temporal.client
    prices = dict.fromkeys(SYMBOLS, "100")
    tape.write(prices)
    address = client.service_client.config.target_host
    async with alive(Life(address, client.namespace, database, sample_data, tmp_path)) as lives:
        await opened(client, ports)
        await begin_routine(client, replace(WEEKDAYS, desk_id=DESK), listens=False, watches=True)
        for number, (symbol, place) in enumerate(zip(SYMBOLS, cycle(PLACES), strict=False)):
            (tmp_path / "armed").write_text(place)
            prices[symbol] = "110"
            tape.write(prices)
            await dies(lives, place, 0.03 * number)

            async def looked(symbol: str = symbol) -> bool:
                return symbol in await counted(ports, EventType.CYCLE_STARTED)

            async with asyncio.timeout(PATIENCE_SECONDS):
                await until(looked)
    moves, looks = await counted(ports, EventType.PRICE_MOVED), await counted(ports, EventType.CYCLE_STARTED)
    tell(f"watches: {len(SYMBOLS)} kills, {sum(moves.values())} moves, {sum(looks.values())} looks")
    assert moves == looks == Counter(dict.fromkeys(SYMBOLS, 1))
    assert audit(await ports.ledger.books(DESK), ()) == ()
