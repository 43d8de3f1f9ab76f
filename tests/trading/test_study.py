"""A study's own rules: slices, tries, the best, and everything ended before anything is raised."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.backtest_ports import BacktestRuns
from trading.backtesting import Chunk, ChunkDone, TrialLine
from trading.study import SLICE_SECONDS, Try, best_of, go_through, next_slice, together

CHUNK = Chunk(run_id="r", first=10, count=40)


class Deadly:
    """Keeps numbers; one of them ends whoever runs it, and with it what was run beside it."""

    def __init__(self, deadly: int | None = None) -> None:
        self.kept: list[int] = []
        self.slices: list[int] = []
        self._deadly = deadly

    async def left(self, chunk: Chunk) -> tuple[int, ...]:
        return tuple(number for number in chunk.numbers if number not in self.kept)

    async def run(self, chunk: Chunk, numbers: Sequence[int]) -> None:
        self.slices.append(len(numbers))
        if self._deadly in numbers:
            raise SystemExit
        self.kept += numbers

    async def done(self, chunk: Chunk) -> ChunkDone:
        return ChunkDone(chunk=chunk, done=len(self.kept))


def clock(seconds: float) -> Any:
    """Each look is so much later than the one before."""
    at = iter(range(10_000))
    return lambda: next(at) * seconds


async def gone_through(runs: Deadly, attempt: Try) -> ChunkDone:
    return await go_through(cast("BacktestRuns", runs), CHUNK, attempt)


async def test_slices_grow_while_they_are_quick_and_each_is_told_of() -> None:
    runs, told = Deadly(), list[int]()
    done = await gone_through(runs, Try(clock(0.001), told.append))
    assert (done.done, runs.kept) == (40, list(CHUNK.numbers))
    assert runs.slices == [1, 4, 16, 19]
    assert told == [0, 1, 5, 21, 40]


async def test_what_takes_long_is_kept_one_by_one() -> None:
    runs = Deadly()
    await gone_through(runs, Try(clock(60)))
    assert runs.slices == [1] * 40


@pytest.mark.parametrize("deadly", [10, 23, 49])
async def test_a_combination_that_ends_its_worker_costs_nothing_but_itself(deadly: int) -> None:
    runs = Deadly(deadly)
    for attempt in range(1, 5):
        with pytest.raises(SystemExit):
            await gone_through(runs, Try(clock(0.001), number=attempt))
    assert sorted(runs.kept) == [number for number in CHUNK.numbers if number != deadly]


@given(st.integers(1, 5000), st.floats(0, 100))
def test_a_slice_is_never_empty_and_grows_four_times_at_most(size: int, seconds: float) -> None:
    following = next_slice(size, seconds)
    assert 1 <= following <= 4 * size
    if seconds > SLICE_SECONDS:
        assert following <= size


@given(st.permutations([(0.5, 0, 1), (0.5, 0, 2), (2.0, 1, 0), (None, 0, 0), (-1.0, 0, 3)]))
def test_the_best_are_the_same_whoever_ended_first(lines: list[tuple[float | None, int, int]]) -> None:
    made = [TrialLine(score=score, fold=fold, number=number) for score, fold, number in lines]
    assert [(line.score, line.number) for line in best_of(made, 3)] == [(2.0, 0), (0.5, 1), (0.5, 2)]


async def test_nothing_goes_on_when_something_is_raised() -> None:
    ended: list[str] = []

    async def part(name: str, seconds: float, error: Exception | None = None) -> str:
        await asyncio.sleep(seconds)
        ended.append(name)
        if error is not None:
            raise error
        return name

    with pytest.raises(ValueError, match="first"):
        await together([part("a", 0, ValueError("first")), part("b", 0.01)])
    assert ended == ["a", "b"]
    assert await together([part("c", 0.01), part("d", 0)]) == ["c", "d"]
