"""What the graphs find among 100,000 memories, against the true nearest: also behind filters that they do not know."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import Database
from adapters.postgres.memory import PostgresMemory
from benchmarks import crowd
from trading.instruments import Side
from trading.memory_ports import NearestAsked, SearchAsked

COUNT, QUESTIONS, MOST = 100_000, 60, 10
SAID = 10_000
ENOUGH = 0.95
EARLY = crowd.FIRST + timedelta(days=60)
LEARNED = np.arange(COUNT) * (crowd.YEARS / COUNT).total_seconds() + timedelta(days=20).total_seconds()


def true_nearest(there: crowd.Rows, asked: crowd.Rows, fits: crowd.Rows) -> set[str]:
    places = np.flatnonzero(fits)
    return {f"m{place}" for place in places[np.argsort(np.square(there[places] - asked).sum(axis=1))[:MOST]]}


@pytest.mark.faults
async def test_nearly_all_of_the_true_ten_are_found_whatever_is_asked_beside(
    database: Database, engine: AsyncEngine
) -> None:
    chance = np.random.default_rng(8)
    rows = crowd.setups(COUNT + QUESTIONS, chance)
    there, asked = rows[:COUNT], rows[COUNT:]
    await crowd.fill(database, there)
    memory, buys, won = PostgresMemory(engine), there[:, -1] > 0, np.arange(COUNT) % 2 == 0

    async def recall(side: Side, as_of: datetime, *, wins: bool | None) -> float:
        fits = (buys == (side is Side.BUY)) & ((as_of - crowd.FIRST).total_seconds() >= LEARNED)
        fits &= True if wins is None else won == wins
        right = 0
        for one in asked:
            question = NearestAsked(
                desk_id=crowd.DESK, side=side, as_of=as_of, features=tuple(one), won=wins, most=MOST
            )
            found = {each.memory_id for each in await memory.nearest(question)}
            assert len(found) == MOST
            right += len(found & true_nearest(there, one, fits))
        return right / (MOST * QUESTIONS)

    found = {
        "to buy, won": await recall(Side.BUY, crowd.LATER, wins=True),
        "to buy, lost": await recall(Side.BUY, crowd.LATER, wins=False),
        "to buy": await recall(Side.BUY, crowd.LATER, wins=None),
        "to sell, won": await recall(Side.SELL, crowd.LATER, wins=True),
        "to sell, of the first weeks": await recall(Side.SELL, EARLY, wins=None),
    }
    print(f"\nof the true ten are found: {found}")  # noqa: T201  what is asked for
    assert min(found.values()) >= ENOUGH


@pytest.mark.faults
async def test_nearly_all_of_the_ten_that_mean_the_same_are_found(database: Database, engine: AsyncEngine) -> None:
    chance = np.random.default_rng(8)
    said = crowd.meanings(SAID + QUESTIONS, chance)
    await crowd.fill(database, crowd.setups(SAID, chance), said[:SAID])
    there, memory, right = said[:SAID].round(4), PostgresMemory(engine), 0
    for symbol in (None, "S7"):
        fits = np.ones(SAID, dtype=bool) if symbol is None else np.arange(SAID) % crowd.SYMBOLS == int(symbol[1:])
        for one in said[SAID:]:
            question = SearchAsked(
                desk_id=crowd.DESK,
                as_of=crowd.LATER,
                embedding=tuple(one),
                embedder=crowd.EMBEDDER,
                symbol=symbol,
                most=MOST,
            )
            found = {each.memory.setup.memory_id for each in await memory.search(question)}
            right += len(found & true_nearest(there, one, fits))
    print(f"\nof the true ten are found: {right / (2 * MOST * QUESTIONS)}")  # noqa: T201  what is asked for
    assert right >= ENOUGH * 2 * MOST * QUESTIONS
