"""Readings that are shared: never one that was begun before it was asked for."""

from __future__ import annotations

import asyncio

import pytest

from trading.shared_reads import SharedReads


class Book:
    """Something that is written and read, slowly."""

    def __init__(self) -> None:
        self.written = 0
        self.reads = 0
        self.at_once = 0
        self.fails = False
        self.go_on = asyncio.Event()

    async def read(self, name: str) -> int:
        self.reads += 1
        self.at_once += 1
        seen = self.written
        await self.go_on.wait()
        self.at_once -= 1
        assert self.at_once == 0, name
        if self.fails:
            raise LookupError(name)
        return seen


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_asks_while_one_is_under_way_shares_the_next_and_reads_what_was_written_before() -> None:
    book = Book()
    reads = SharedReads(book.read)
    first = asyncio.create_task(reads.of("main"))
    await settled()
    book.written = 1
    others = [asyncio.create_task(reads.of("main")) for _ in range(50)]
    await settled()
    book.written = 2
    assert book.reads == 1
    book.go_on.set()
    assert await first == 0
    assert set(await asyncio.gather(*others)) == {2}
    assert (book.reads, await reads.of("main"), book.reads) == (2, 2, 3)


async def test_other_names_wait_for_nobody_and_one_who_leaves_takes_nothing_from_the_others() -> None:
    book = Book()
    reads = SharedReads(book.read)
    leaving, staying = (asyncio.create_task(reads.of("main")) for _ in range(2))
    await settled()
    leaving.cancel()
    await settled()
    book.go_on.set()
    assert await staying == 0
    assert leaving.cancelled()
    assert await reads.of("other") == 0


async def test_a_failure_is_told_to_all_who_share_it_and_to_nobody_after() -> None:
    book = Book()
    book.fails = True
    book.go_on.set()
    reads = SharedReads(book.read)
    answers = await asyncio.gather(*(reads.of("main") for _ in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [LookupError] * 3
    book.fails = False
    assert await reads.of("main") == 0
    assert book.reads == 2
    book.fails = True
    with pytest.raises(LookupError):
        await reads.of("main")
