"""The audit log's chain: how far it is sealed, and whether every line still says what was sealed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, Field
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres import log
from adapters.postgres.engine import transaction
from adapters.postgres.log import Head
from adapters.postgres.reports import EventLine
from console.desk import DeskBooks
from trading.events import Chain, EventType
from trading.money import Record

BATCH = 1000
MOST_FOUND = 20
SECONDS = 20.0
"""Of one look at the chain; what is left then, the next one looks at."""


class Verified(Record):
    """How far the chain was looked at, from its beginning; `found` is empty as long as it is sound.

    `checked` of `length` lines; `whole` once that is all of them, and the last is the one that the ledger counted.
    """

    began_at: AwareDatetime
    ended_at: AwareDatetime
    checked: Annotated[int, Field(examples=[1204])]
    length: Annotated[int, Field(examples=[1204])]
    whole: bool
    found: tuple[str, ...] = ()


class ChainStatus(Record):
    """The end of the log: its number, its seal, and when its newest line happened.

    `verified` is the newest look at all of it that was asked for here, null when none was. Each cycle ends with an
    audit that looks at it too: `findings` are what those found of it, the newest first.
    """

    length: Annotated[int, Field(examples=[1204])]
    head: Annotated[str, Field(examples=["9f" * 32])]
    sealed_until: AwareDatetime | None = None
    verified: Verified | None = None
    findings: tuple[EventLine, ...] = ()


class ChainLook:
    """A look at a desk's chain that goes on where it stopped, until it is through; then it begins anew."""

    def __init__(self, engine: AsyncEngine, desk_id: str, batch: int = BATCH) -> None:
        self._engine = engine
        self._desk_id = desk_id
        self._batch = batch
        self._chain, self._at, self._found = Chain(), 0, list[str]()
        self._began_at = datetime.now(UTC)
        self.last: Verified | None = None
        self._one = asyncio.Lock()

    async def look(self, seconds: float = SECONDS) -> Verified:
        """Look on for so many seconds at most. Whoever asks meanwhile waits, and is told the same."""
        before = self.last
        async with self._one:
            if self.last is None or self.last is before:
                try:
                    self.last = await self._look(asyncio.get_running_loop().time() + seconds)
                except BaseException:
                    # Broken off within a batch: nobody knows where.
                    self._begin()
                    raise
            return self.last

    async def _look(self, until: float) -> Verified:
        async with transaction(self._engine) as connection:
            end = await log.end_of_log(connection, self._desk_id)
        is_through = await self._go(end, until)
        if is_through and (self._chain.count, self._chain.head) != (end.count, end.hash):
            self._found.append(f"{self._chain.count} lines where the ledger counted {end.count}, or another last one")
        seen = Verified(
            began_at=self._began_at,
            ended_at=datetime.now(UTC),
            checked=self._chain.count,
            length=end.count,
            whole=is_through and not self._found,
            found=tuple(self._found[:MOST_FOUND]),
        )
        if is_through or self._found:
            self._begin()
        return seen

    async def _go(self, end: Head, until: float) -> bool:
        """Look at batches, one at least, until the end or the first that is wrong: whether the end was reached."""
        clock = asyncio.get_running_loop().time
        while self._at < end.count:
            async with transaction(self._engine) as connection:
                part = await log.part_of_log(connection, self._desk_id, self._at, end.count, self._batch)
            if part.last is None:
                return True
            # Hashing is work: others are answered meanwhile.
            self._found += await asyncio.to_thread(_wrong, self._chain, part)
            self._at = part.last
            if self._found or (clock() > until and self._at < end.count):
                return False
        return True

    def _begin(self) -> None:
        self._chain, self._at, self._found = Chain(), 0, list[str]()
        self._began_at = datetime.now(UTC)


def _wrong(chain: Chain, part: log.Part) -> list[str]:
    unreadable = [f"{name}: no event that anyone can read" for name in part.unreadable]
    return unreadable + [wrong for stored in part.events for wrong in chain.joined(stored)]


async def chain_status(books: DeskBooks, verified: Verified | None) -> ChainStatus:
    """The end of a desk's log, and what looks at it have said."""
    async with transaction(books.engine) as connection:
        end = await log.end_of_log(connection, books.desk_id)
    newest = await books.reports.events_after(end.count - 1, limit=1)
    told = await books.reports.events(limit=MOST_FOUND * 5, types=[EventType.AUDIT_FINDING])
    of_log = [line for line in reversed(told) if line.data.get("invariant") == "I9"]
    return ChainStatus(
        length=end.count,
        head=end.hash,
        sealed_until=newest[0].occurred_at if newest else None,
        verified=verified,
        findings=tuple(of_log[:MOST_FOUND]),
    )
