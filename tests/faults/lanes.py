"""Lanes: workers beside each other that cannot take each other's tasks, each with a namespace and a database."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from adapters.postgres.engine import Database, application_engine
from adapters.temporal.connection import add_missing_search_attributes
from adapters.temporal.plugin import DeskPlugin
from embedded.postgres import PostgresServer
from tests.conftest import fresh_database
from tests.fakes.faulty import KILLED
from tests.faults.doom import Death
from tests.faults.doomed import Life, live
from tests.faults.lives import Lives
from tests.faults.proving import BOUGHT, asked, at_rest, ended, sent, wrongs
from tests.rig import Ports, request
from trading.docket import CycleOutcome
from workflows import search_attributes

_numbers = count(1)
# A worker that was asked to end and has not by then never will.
DRAINED_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one death: everything that was wrong, and how long after the next life's beginning all ended."""

    death: Death
    wrongs: list[str]
    seconds: float
    asked_while_in_flight: int


@dataclass
class Lane:
    """One namespace with one database and one worker."""

    client: Client
    engine: AsyncEngine
    database: Database
    ports: Ports
    lives: Lives

    async def suffer(self, death: Death) -> Outcome:
        """One cycle of a new desk, with one death of its worker, which begins again at once."""
        desk_id = f"desk-{next(_numbers)}"
        await self._forget_replies()
        self.lives.trace.clear()
        if not self.lives.is_alive:
            await self.lives.begin()
        self.lives.arm(death)
        asking = asyncio.create_task(asked(self.client, request(*BOUGHT), desk_id))
        code = await self._end_at(death)
        ready_at = await self.lives.begin()
        report = await ended(self.client, await asking)
        await at_rest(self.client, desk_id)
        await sent(self.client, report)
        seconds = asyncio.get_running_loop().time() - ready_at
        found = [*await wrongs(self.ports, desk_id), *map(str, report.findings)]
        if code != (0 if death.moment == "held" else KILLED):
            found.append(f"the worker ended with {code}")
        if report.outcome is not CycleOutcome.TRADED:
            found.append(f"the cycle ended as {report.outcome}: {report.reason}")
        questions = [words for _, words in self.lives.trace.of("asked")]
        if not questions:
            found.append("no question was counted")
        found += [f"asked again: {words}" for _, words in self.lives.trace.of("asked-again")]
        return Outcome(death, [f"{death}: {wrong}" for wrong in found], seconds, len(questions) - len(set(questions)))

    async def _end_at(self, death: Death) -> int:
        """Wait for the death; a worker that is held there instead is asked to end."""
        if death.moment != "held":
            return await self.lives.end()
        await self.lives.reached()
        async with asyncio.timeout(DRAINED_SECONDS):
            return await self.lives.terminate()

    async def _forget_replies(self) -> None:
        """A question that another desk asked is answered already: each case begins with an empty journal."""
        owner = self.database
        password = owner.password.get_secret_value()
        connection = await asyncpg.connect(
            host=owner.host, port=owner.port, user=owner.user, password=password, database=owner.name
        )
        try:
            await connection.execute("TRUNCATE model_calls")
        finally:
            await connection.close()


@dataclass(frozen=True, slots=True)
class Ground:
    """What lanes are laid on."""

    address: str
    postgres: PostgresServer
    data: Path
    folder: Path

    @asynccontextmanager
    async def lane(
        self, namespace: str, *, reckless: bool = False, body: Callable[[Life], None] = live
    ) -> AsyncIterator[Lane]:
        """One lane; its worker is not born yet."""
        client = await Client.connect(self.address, namespace=namespace, plugins=[DeskPlugin()])
        await add_missing_search_attributes(client, (*search_attributes.KEYWORDS, *search_attributes.KEYWORD_LISTS))
        database = await fresh_database(self.postgres)
        engine = application_engine(database)
        folder = self.folder / f"{namespace}-{next(_numbers)}"
        folder.mkdir()
        lives = Lives(Life(self.address, namespace, database, self.data, folder, reckless), body)
        try:
            yield Lane(client, engine, database, Ports.real(engine, self.data), lives)
        finally:
            if lives.is_alive:
                await lives.kill()
            await engine.dispose()


async def suffer_all(ground: Ground, deaths: Iterable[Death], lanes: int, *, reckless: bool = False) -> list[Outcome]:
    """Every death once, over so many lanes."""
    waiting, outcomes = list(deaths)[::-1], []

    async def work(lane: Lane) -> None:
        with contextlib.suppress(IndexError):
            while True:
                outcomes.append(await lane.suffer(waiting.pop()))

    async with AsyncExitStack() as stack:
        laid = [
            await stack.enter_async_context(ground.lane(f"lane-{number}", reckless=reckless))
            for number in range(1, min(lanes, len(waiting)) + 1)
        ]
        async with asyncio.TaskGroup() as group:
            for lane in laid:
                group.create_task(work(lane))
    return outcomes
