"""Memories of this process: asked the very same as those in Postgres, and beside them on random walks."""

from __future__ import annotations

import inspect
from datetime import timedelta
from itertools import count
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.memory.exact import ExactMemory
from adapters.postgres.ledger import PostgresLedger
from adapters.postgres.memory import PostgresMemory
from tests.adapters.memory.test_twins import UNTIMED
from tests.adapters.postgres import test_memory
from tests.adapters.postgres.desk import opening
from tests.making import AT
from tests.memories import DAY, EMBEDDER, features, meaning, near, outcome, pointing, remembered
from trading.memory_ports import Memory

SYMBOLS, SIDES, LEGS = ("AAPL", "KO", "XOM"), ("buy", "sell"), ("entry", "exit")
_numbers = count(1)
globals().update(
    {name: test for name, test in vars(test_memory).items() if inspect.isfunction(test) and name.startswith("test_")}
)


@pytest.fixture
def memory() -> ExactMemory:
    return ExactMemory()


class Step(NamedTuple):
    """What is done, with which memory of which kind, where it lies, and when."""

    kind: str
    number: int
    which: int
    place: float
    day: int


steps = st.builds(
    Step,
    st.sampled_from(["remember", "remember", "resolve", "follow", "learn", "look"]),
    st.integers(1, 6),
    st.integers(0, 11),
    st.sampled_from([-1.0, -0.5, 0.0, 0.2, 0.7]),
    st.integers(0, 9),
)


async def done(memory: Memory, desk: str, step: Step) -> None:
    """Do one step."""
    symbol, side, leg = SYMBOLS[step.which % 3], SIDES[step.which % 2], LEGS[step.which % 4 == 3]
    one = remembered(symbol, step.number, features(step.place), desk_id=desk, side=side, leg=leg)
    name = one.setup.memory_id
    if step.kind == "remember":
        await memory.remember([one], [pointing(step.which, 12, abs(step.place))], f"{EMBEDDER}-{step.number % 2}")
    elif step.kind == "resolve":
        await memory.resolve([(name, outcome(str(round(step.place * 100)), days=step.day))])
    elif step.kind == "follow":
        seen = {"sessions": step.day, "looked_at": AT + timedelta(days=step.day)}
        await memory.follow([one.model_copy(update={"thought": one.thought.model_copy(update=seen)})])
    elif step.kind == "learn":
        await memory.learn(name, f"lesson {step.day}")


async def looks(memory: Memory, desk: str, step: Step) -> list[Any]:
    """All that can be asked."""
    day, side = step.day + 0.5, SIDES[step.which % 2]
    found = await memory.search(meaning(pointing(step.which), day, desk_id=desk, embedder=f"{EMBEDDER}-0", most=100))
    names = [one.setup.memory_id for one in await memory.pending(desk)]
    return [
        await memory.pending(desk),
        await memory.pending(desk, most=2),
        await memory.resolved(desk, AT + step.day * DAY, 3),
        await memory.find(desk, names[1:]),
        *[
            # As many as there are: of two that are equally near either may be the last.
            await memory.nearest(near(step.place, days=day, desk_id=desk, side=side, won=won, most=100))
            for won in (True, False, None)
        ],
        {one.memory.setup.memory_id: one.memory for one in found},
        [round(one.distance, 4) for one in found],
    ]


async def walked(engine: AsyncEngine, walk: list[Step]) -> None:
    desk = f"twin-{next(_numbers)}"
    opened, cash = opening(desk)
    await PostgresLedger(engine).open_desk(opened, cash=cash)
    twins: tuple[Memory, Memory] = PostgresMemory(engine), ExactMemory()
    for number, step in enumerate(walk):
        for twin in twins:
            await done(twin, desk, step)
        postgres, exact = [await looks(twin, desk, step) for twin in twins]
        assert exact == postgres, f"after {number}: {step}"


@given(st.lists(steps, min_size=15, max_size=25))
@settings(UNTIMED, max_examples=3)
async def test_whatever_is_remembered_both_answer_the_same(engine: AsyncEngine, walk: list[Step]) -> None:
    await walked(engine, walk)


@pytest.mark.faults
@given(st.lists(steps, min_size=30, max_size=80))
@settings(UNTIMED, max_examples=30)
async def test_however_much_is_remembered_both_answer_the_same(engine: AsyncEngine, walk: list[Step]) -> None:
    await walked(engine, walk)
