"""`make bench-memory`: the nearest ten of 100,000 memories, through the port as a cycle asks it: how fast, how right.

On an embedded Postgres of its own, removed afterwards. Milliseconds are of this machine; recall is of the graph.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import socket
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import Database, application_engine
from adapters.postgres.memory import PostgresMemory
from adapters.postgres.migrations import migrate
from benchmarks import crowd
from embedded.home import Home
from embedded.postgres import PostgresServer
from trading.instruments import Side
from trading.memory_ports import NearestAsked, SearchAsked

MOST = 10
EARLY = crowd.FIRST + timedelta(days=60)
Ask = Callable[[int], Awaitable[Sequence[str]]]


def main() -> int:
    """Fill, ask, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memories", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=300)
    asked = parser.parse_args()
    return asyncio.run(_measured(asked.memories, asked.questions))


async def _measured(count: int, questions: int) -> int:
    chance, console = np.random.default_rng(8), Console(width=120)
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        home.prepare()
        server = PostgresServer(home, _free_port(), disposable=True)
        await server.start()
        try:
            database = Database.model_validate(server.database.model_dump() | {"password": server.database.password})
            await migrate(database)
            begun = time.perf_counter()
            rows, said = crowd.setups(count + questions, chance), crowd.meanings(count + questions, chance)
            await crowd.fill(database, rows[:count], said[:count])
            console.print(f"{count:,} memories and their graphs in {time.perf_counter() - begun:.0f} s")
            engine = application_engine(database)
            console.print(await _table(engine, (rows, said), count))
            await engine.dispose()
        finally:
            await server.remove()
    console.print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, one question at a time"
    )
    return 0


async def _table(engine: AsyncEngine, crowd_: tuple[crowd.Rows, crowd.Rows], count: int) -> Table:
    (rows, said), memory = crowd_, PostgresMemory(engine)
    buys = rows[:count, -1] > 0
    won = np.arange(count) % 2 == 0
    learned = np.arange(count) * (crowd.YEARS / count).total_seconds() + timedelta(days=20).total_seconds()
    early = (EARLY - crowd.FIRST).total_seconds() >= learned
    of_one = np.arange(count) % crowd.SYMBOLS == 7  # noqa: PLR2004  any symbol

    def near(as_of: datetime, *, wins: bool | None = None) -> Ask:
        async def ask(number: int) -> Sequence[str]:
            asked = NearestAsked(
                desk_id=crowd.DESK, side=Side.BUY, as_of=as_of, features=tuple(rows[number]), won=wins, most=MOST
            )
            return [one.memory_id for one in await memory.nearest(asked)]

        return ask

    def like(symbol: str | None = None) -> Ask:
        async def ask(number: int) -> Sequence[str]:
            asked = SearchAsked(
                desk_id=crowd.DESK,
                as_of=crowd.LATER,
                embedding=tuple(said[number]),
                embedder=crowd.EMBEDDER,
                symbol=symbol,
                most=MOST,
            )
            return [one.memory.setup.memory_id for one in await memory.search(asked)]

        return ask

    everything = np.ones(count, dtype=bool)
    table = Table("nearest ten of", "p50 ms", "p95 ms", "most ms", "CPU ms", "recall")
    for name, ask, vectors, fits in (
        ("setups won, to buy", near(crowd.LATER, wins=True), rows, won & buys),
        ("setups lost, to buy", near(crowd.LATER, wins=False), rows, ~won & buys),
        ("setups, to buy", near(crowd.LATER), rows, buys),
        ("setups won by two months from the first", near(EARLY, wins=True), rows, won & buys & early),
        ("reasonings", like(), said, everything),
        ("reasonings of one of 500 symbols", like("S7"), said, of_one),
    ):
        table.add_row(name, *await _row(ask, vectors, np.flatnonzero(fits), count))
    return table


async def _row(ask: Ask, vectors: crowd.Rows, fits: np.ndarray, count: int) -> tuple[str, ...]:
    """How long it takes, after ten questions that nobody counts, and how many of the true ten are found.

    CPU is of this process alone: on a machine with other work, how much of the time is waiting for a turn.
    """
    took, busy, right, true = [], 0.0, 0, 0
    there, answers = vectors[fits], []
    # All are asked before any is checked: threads that measure a hundred thousand vectors spin on, and take the core
    # that the database is on.
    for number in range(count, len(vectors)):
        begun, worked = time.perf_counter(), time.process_time()
        answers.append(set(await ask(number)))
        took.append((time.perf_counter() - begun) * 1000)
        busy += (time.process_time() - worked) * 1000
    lengths = np.square(there).sum(axis=1)
    for number, found in enumerate(answers, start=count):
        nearest = fits[np.argsort(lengths - 2 * there @ vectors[number])[:MOST]]
        right += len({f"m{place}" for place in nearest} & found)
        true += len(nearest)
    p50, p95 = np.percentile(took[10:], [50, 95])
    times = (p50, p95, max(took[10:]), busy / len(took))
    return *(f"{one:.1f}" for one in times), f"{right / true:.3f}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    raise SystemExit(main())
