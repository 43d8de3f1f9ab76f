"""Somebody else at a desk's rows: sessions that lock them the wrong way round, or change them just before we do."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any, TypeVar, cast

import asyncpg
from temporalio import activity

from adapters.postgres.engine import Database

P = TypeVar("P")
Attack = Callable[["Rival", str, asyncio.Event], Awaitable[bool]]

POLL_SECONDS = 0.005
PATIENCE_SECONDS = 2.0
# Ours look for a deadlock first, and so are its victims; the rival looks only when ours missed it.
OURS_LOOK_AFTER = "200ms"
RIVAL_LOOKS_AFTER = "3s"
FIRST = "SELECT 1 FROM portfolio_state WHERE desk_id = $1 FOR UPDATE"
SECOND = "SELECT 1 FROM system_state WHERE desk_id = $1 FOR UPDATE"
TOUCH = (
    "UPDATE portfolio_state SET marked_at = marked_at WHERE desk_id = $1",
    "UPDATE system_state SET reason = reason WHERE desk_id = $1",
)
WAITED_FOR = "SELECT true FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)) LIMIT 1"
# What locks a desk's portfolio and then its log, and what locks its log alone.
LOCKING_BOTH = frozenset({"mark", "intend", "advance", "adopt", "apply_fill"})
LOCKING = LOCKING_BOTH | {"record", "end_cycle", "change_state"}


class Rival:
    """One connection of the owner's. An attack leaves no trace in the books; it says when it holds its first lock."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self._connection = connection

    async def cross(self, desk_id: str, holding: asyncio.Event) -> bool:
        """Lock a desk's rows in the opposite order to ours; whether one of our transactions gave way to that."""
        try:
            async with self._connection.transaction():
                await self._connection.execute(SECOND, desk_id)
                holding.set()
                if not await self._waited_for():
                    return False
                if await self._connection.fetchval(f"{FIRST} SKIP LOCKED", desk_id):
                    return False  # who waits holds nothing that the rival could want
                return bool(await self._connection.fetchval(FIRST, desk_id))
        except asyncpg.DeadlockDetectedError:
            return False

    async def overtake(self, desk_id: str, holding: asyncio.Event) -> bool:
        """Change a desk's rows while one of our transactions waits for them; whether one did."""
        async with self._connection.transaction():
            for statement in TOUCH:
                await self._connection.execute(statement, desk_id)
            holding.set()
            return await self._waited_for()

    async def _waited_for(self) -> bool:
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            if await self._connection.fetchval(WAITED_FOR):
                return True
            await asyncio.sleep(POLL_SECONDS)
        return False


class Campaign:
    """So many attacks on the steps of all desks: each step is hit at its first try and some of the next, once a try.

    `loses` is how many tries one step loses, from and to, and `only` the steps to hit, all if empty.
    """

    def __init__(self, attack: Attack, wanted: int, loses: tuple[int, int], only: frozenset[str] = frozenset()) -> None:
        self.hits: Counter[str] = Counter()
        self.reached = asyncio.Event()
        self._attack = attack
        self._wanted = wanted
        self._loses = loses
        self._only = only
        self._chance = Random(wanted)
        self._to_lose: dict[tuple[str, str], int] = {}
        self._tried: set[tuple[str, str, int]] = set()
        self._rivals: asyncio.Queue[Rival] = asyncio.Queue()

    @asynccontextmanager
    async def waged(self, database: Database, rivals: int) -> AsyncIterator[None]:
        """So many rivals at the ready."""
        connections = [await owners_connection(database) for _ in range(rivals)]
        for connection in connections:
            await connection.execute(f"SET deadlock_timeout = '{RIVAL_LOOKS_AFTER}'")
            self._rivals.put_nowait(Rival(connection))
        yield
        for connection in connections:
            await connection.close()

    def is_due(self) -> bool:
        """Whether this try of the present step is one to lose; asked again within the same try it is not."""
        info = activity.info()
        step, this_try = (info.workflow_id or "", info.activity_id), info.attempt
        to_lose = self._to_lose.setdefault(step, self._chance.randint(*self._loses))
        if self.reached.is_set() or this_try > to_lose or (*step, this_try) in self._tried:
            return False
        if self._only and info.activity_type not in self._only:
            return False
        self._tried.add((*step, this_try))
        return True

    async def against(self, desk_id: str, call: Callable[[], Awaitable[object]]) -> object:
        """Make a call while a rival is at its desk's rows."""
        rival, holding = await self._rivals.get(), asyncio.Event()
        attack = asyncio.ensure_future(self._attack(rival, desk_id, holding))
        try:
            await holding.wait()
            return await call()
        finally:
            self.hits[activity.info().activity_type] += await attack
            self._rivals.put_nowait(rival)
            if self.hits.total() >= self._wanted:
                self.reached.set()


class Contested:
    """Passes every call on to a ledger; some calls of the named methods meet a rival."""

    def __init__(self, ledger: object, campaign: Campaign, methods: frozenset[str]) -> None:
        self._ledger = ledger
        self._campaign = campaign
        self._methods = methods

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._ledger, name)
        return self._around(member) if name in self._methods else member

    def _around(self, method: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        async def call(*arguments: object, **named: object) -> object:
            is_idle = arguments[0] == []  # nothing to write: it locks nothing
            if is_idle or not self._campaign.is_due():
                return await method(*arguments, **named)
            return await self._campaign.against(_desk_of(arguments), lambda: method(*arguments, **named))

        return call


def contested(ledger: P, campaign: Campaign, methods: frozenset[str]) -> P:
    """A ledger that others are at, as its own type."""
    return cast("P", Contested(ledger, campaign, methods))


async def owners_connection(database: Database) -> asyncpg.Connection[asyncpg.Record]:
    """The owner's connection to a database."""
    password = database.password.get_secret_value()
    return await asyncpg.connect(
        host=database.host, port=database.port, user=database.user, password=password, database=database.name
    )


async def give_way_soon(database: Database) -> None:
    """Let every later connection to a database look for deadlocks before its rivals do."""
    connection = await owners_connection(database)
    await connection.execute(f"ALTER DATABASE {database.name} SET deadlock_timeout = '{OURS_LOOK_AFTER}'")
    await connection.close()


def _desk_of(arguments: tuple[object, ...]) -> str:
    """The desk that a call is about: its event's, its order's, or the one that it names first."""
    for one in reversed(arguments):
        record = one[0] if isinstance(one, (list, tuple)) and one else one
        for holder in (record, getattr(record, "request", None)):
            if isinstance(found := getattr(holder, "desk_id", None), str):
                return found
    return str(arguments[0])
