"""What a desk remembers, and what is near it. The memory of this process is asked the same in `adapters/memory`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.ledger import PostgresLedger
from adapters.postgres.memory import PostgresMemory
from tests.adapters.postgres.desk import opening
from tests.making import AT, DESK
from tests.memories import DAY, EMBEDDER, features, meaning, near, outcome, pointing, remembered
from trading.memory import Recalled, Remembered, as_known
from trading.memory_ports import Memory
from trading.shadow import Ending


@pytest.fixture
async def memory(engine: AsyncEngine) -> PostgresMemory:
    """That in Postgres, with two desks that may remember."""
    for desk in (DESK, "other"):
        opened, cash = opening(desk)
        await PostgresLedger(engine).open_desk(opened, cash=cash)
    return PostgresMemory(engine)


async def keep(memory: Memory, *memories: Remembered) -> None:
    await memory.remember(memories, [pointing(place) for place, _ in enumerate(memories)], EMBEDDER)


def names(found: Sequence[Recalled]) -> list[str]:
    return [one.symbol for one in found]


async def test_a_memory_comes_back_as_it_was_kept_and_the_first_one_stays(memory: Memory) -> None:
    one = remembered("AAPL", 1, features(0.1234, -1, 0.5), reasoning="a \0 in it")
    await keep(memory, one)
    await keep(memory, one.model_copy(update={"features": features(1)}))
    (kept,) = await memory.pending(DESK)
    assert kept.features == one.features
    assert kept.setup.model_dump(exclude={"reasoning"}) == one.setup.model_dump(exclude={"reasoning"})
    assert kept.setup.reasoning == "a \ufffd in it"
    assert kept.thought == one.thought


async def test_it_is_pending_until_it_is_resolved_and_that_happens_once(memory: Memory) -> None:
    await keep(memory, remembered("MSFT", 2), remembered("AAPL", 1), remembered("KO", 3, desk_id="other"))
    assert [one.setup.symbol for one in await memory.pending(DESK)] == ["AAPL", "MSFT"]
    ended = remembered("AAPL", 1).setup.memory_id
    await memory.resolve([(ended, outcome("10")), ("never-heard-of", outcome("1"))])
    await memory.resolve([(ended, outcome("-10"))])
    assert [one.setup.symbol for one in await memory.pending(DESK)] == ["MSFT"]
    (found,) = await memory.find(DESK, [ended, "never-heard-of"])
    assert found.outcome == outcome("10")
    assert await memory.find("other", [ended]) == ()


async def test_only_a_pending_thought_goes_on(memory: Memory) -> None:
    one, other = remembered("AAPL", 1), remembered("KO", 1)
    await keep(memory, one, other)
    await memory.resolve([(other.setup.memory_id, outcome())])
    later = [
        each.model_copy(update={"thought": each.thought.model_copy(update={"sessions": 4})}) for each in (one, other)
    ]
    await memory.follow([*later, remembered("IBM", 9)])
    both = await memory.find(DESK, [one.setup.memory_id, other.setup.memory_id])
    assert {each.setup.symbol: each.thought.sessions for each in both} == {"AAPL": 4, "KO": 0}


async def test_the_first_lesson_of_what_has_resolved_stays(memory: Memory) -> None:
    one = remembered("AAPL", 1)
    await keep(memory, one)
    await memory.learn(one.setup.memory_id, "too early")
    await memory.resolve([(one.setup.memory_id, outcome())])
    await memory.learn(one.setup.memory_id, "buy \0 strength")
    await memory.learn(one.setup.memory_id, "never again")
    await memory.learn("never-heard-of", "nothing")
    assert [each.lesson for each in await memory.find(DESK, [one.setup.memory_id])] == ["buy \ufffd strength"]


async def test_the_nearest_come_first_and_a_quota_holds(memory: Memory) -> None:
    await keep(
        memory,
        remembered("AAPL", 1, features(0.1), outcome("5")),
        remembered("MSFT", 1, features(0.3), outcome("-5")),
        remembered("KO", 1, features(0.2), outcome("5", return_fraction=-0.001)),
        remembered("IBM", 1, features(0.9), outcome("5")),
    )
    assert names(await memory.nearest(near(0.0, most=3))) == ["AAPL", "KO", "MSFT"]
    assert names(await memory.nearest(near(0.0, most=2, won=True))) == ["AAPL", "KO"]
    assert names(await memory.nearest(near(0.0, won=False))) == ["MSFT"]
    told = (await memory.nearest(near(0.4)))[0]
    assert (told.symbol, told.distance, told.exit_reason) == ("MSFT", 0.1, "target")


async def test_nobody_is_told_what_was_not_known_yet(memory: Memory) -> None:
    await keep(
        memory,
        remembered("AAPL", 1, features(0.1), outcome("5", days=5)),
        remembered("MSFT", 1, features(0.1)),
        remembered("KO", 7, features(0.1), outcome("5", days=5)),
    )
    just_before = 5 - 1 / 86_400_000_000
    assert names(await memory.nearest(near(0.1, days=5))) == ["AAPL"]
    assert names(await memory.nearest(near(0.1, days=just_before))) == []
    assert names(await memory.nearest(near(0.1, days=7))) == ["AAPL"]
    assert set(names(await memory.nearest(near(0.1, days=7.001)))) == {"AAPL", "KO"}


async def test_another_desk_another_side_and_an_exit_are_no_precedent(memory: Memory) -> None:
    ended = outcome("5")
    await keep(
        memory,
        remembered("AAPL", 1, features(), ended, desk_id="other"),
        remembered("MSFT", 1, features(), ended, side="sell"),
        remembered("KO", 1, features(), ended, side="sell", leg="exit"),
        remembered("IBM", 1, features(), ended),
    )
    assert names(await memory.nearest(near())) == ["IBM"]
    assert names(await memory.nearest(near(side="sell"))) == ["MSFT"]
    assert names(await memory.nearest(near(desk_id="other"))) == ["AAPL"]
    assert names(await memory.nearest(near(desk_id="nobody"))) == []


async def test_a_search_finds_what_means_the_same_pending_or_not(memory: Memory) -> None:
    kept = (remembered("AAPL", 1), remembered("MSFT", 2), remembered("KO", 3))
    await memory.remember(kept, [pointing(1), pointing(1, 2, 0.6), pointing(2)], EMBEDDER)
    await memory.remember([remembered("IBM", 1)], [pointing(1)], "another")
    await memory.remember([remembered("GE", 1, desk_id="other")], [pointing(1)], EMBEDDER)
    found = await memory.search(meaning(pointing(1)))
    assert [(one.memory.setup.symbol, one.distance) for one in found] == [("AAPL", 0), ("MSFT", 0.2), ("KO", 1)]
    assert [one.memory.setup.symbol for one in await memory.search(meaning(pointing(1), symbol="KO"))] == ["KO"]
    assert [one.memory.setup.symbol for one in await memory.search(meaning(pointing(1), days=2))] == ["AAPL"]
    assert len(await memory.search(meaning(pointing(1), most=2))) == 2
    assert await memory.search(meaning(pointing(1), embedder="nobody")) == ()


async def test_a_search_in_the_past_knows_no_later_end(memory: Memory) -> None:
    one = remembered("AAPL", 1)
    await memory.remember([one], [pointing(1)], EMBEDDER)
    ended = {
        "closed_at": AT + 4 * DAY,
        "looked_at": AT + 4 * DAY,
        "ending": Ending.TARGET,
        "exit_price": "110",
        "pnl": "99",
    }
    over = one.model_copy(update={"thought": type(one.thought).model_validate(one.thought.model_dump() | ended)})
    await memory.follow([over])
    await memory.resolve([(one.setup.memory_id, outcome(days=5))])
    await memory.learn(one.setup.memory_id, "patience")
    (then,) = await memory.search(meaning(pointing(1), days=3))
    assert then.memory == one
    (meanwhile,) = await memory.search(meaning(pointing(1), days=4.5))
    assert meanwhile.memory == over
    (now,) = await memory.search(meaning(pointing(1), days=5))
    assert (now.memory.lesson, now.memory.outcome) == ("patience", outcome(days=5))
    assert as_known(now.memory, AT + 3 * DAY) == one


async def test_the_newest_that_have_resolved_come_oldest_first(memory: Memory) -> None:
    kept = [remembered("AAPL", number, None, outcome("5", days=10 + number)) for number in range(1, 5)]
    await keep(memory, *kept, remembered("KO", 1), remembered("GE", 1, None, outcome(days=11), desk_id="other"))
    found = await memory.resolved(DESK, AT + timedelta(days=13), 2)
    assert [one.setup.decided_at for one in found] == [AT + 2 * DAY, AT + 3 * DAY]
    assert len(await memory.resolved(DESK, AT + timedelta(days=99), 99)) == 4


async def test_nothing_asked_is_nothing_done(memory: Memory) -> None:
    await memory.remember([], [], EMBEDDER)
    await memory.follow([])
    await memory.resolve([])
    assert await memory.pending(DESK) == ()
    assert await memory.nearest(near()) == ()
    assert await memory.search(meaning(pointing(1))) == ()
    assert await memory.find(DESK, []) == ()
    assert await memory.resolved(DESK, AT, 5) == ()
