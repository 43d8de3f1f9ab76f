"""The ledger of spend in a real database: reserved once, settled once, and never more than a cap."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import Database, application_engine, transaction
from adapters.postgres.journal import PostgresJournal
from adapters.postgres.ledger import PostgresLedger
from adapters.postgres.spending import PostgresSpending
from tests.adapters.postgres.desk import DESK, NOON
from tests.adapters.postgres.test_journal_and_snapshots import call
from trading.agents.budget import Budget, Caps, Choice, Level, Offer, Period, Tally
from trading.agents.questions import Agent
from trading.spending import LOST_AFTER, Attempt, Settlement, SpendAsked, SpendKey

DOLLAR = Budget(day=Caps(usd=Decimal(1)))
ROWS = text("SELECT call_id, attempt, state, counted_usd FROM model_spend ORDER BY call_id, attempt")
TOLD = text("SELECT type, data FROM events WHERE type IN ('BudgetDegraded', 'AlertRaised') ORDER BY sequence")
pytestmark = pytest.mark.usefixtures("ledger")


def ask(call_id: str = "a", usd: str = "0.25", **changes: object) -> SpendAsked:
    usual: dict[str, object] = {
        "desk_id": DESK,
        "cycle_id": "paper-1",
        "strategy_id": "agents",
        "trace_id": "t",
        "agent": Agent.DATA,
        "offers": (Offer(call_id=call_id, model="m", most=Tally(calls=1, tokens=1000, usd=Decimal(usd))),),
        "budget": DOLLAR,
        "at": NOON,
    }
    return SpendAsked.model_validate(usual | changes)


def paid(call_id: str, usd: str, number: int = 1, unpriced: int = 0) -> Settlement:
    took = Tally(calls=1, tokens=120, usd=Decimal(usd), unpriced=unpriced)
    return Settlement(attempt=Attempt(cycle_id="paper-1", call_id=call_id, number=number), took=took)


async def rows(engine: AsyncEngine) -> list[tuple[str, int, str, str]]:
    async with transaction(engine) as connection:
        found = await connection.execute(ROWS)
        return [(row.call_id, row.attempt, row.state, f"{row.counted_usd.normalize():f}") for row in found]


async def told(engine: AsyncEngine) -> list[tuple[str, object]]:
    async with transaction(engine) as connection:
        return [(row.type, row.data.get("level")) for row in await connection.execute(TOLD)]


async def test_an_attempt_is_reserved_once_however_often_that_is_said(engine: AsyncEngine) -> None:
    journal = PostgresJournal(engine)
    for _ in range(3):
        assert (await journal.reserve(ask())).chosen == 0
    assert await rows(engine) == [("a", 1, "reserved", "0.25")]
    await journal.keep(call("yes"), paid("a", "0.03"))
    await journal.keep(call("yes"), paid("a", "0.99"))
    assert await rows(engine) == [("a", 1, "settled", "0.03")]


async def test_a_reply_and_what_it_took_are_kept_in_one_transaction(engine: AsyncEngine) -> None:
    journal, kept = PostgresJournal(engine), call("yes")
    await journal.reserve(ask())
    await journal.keep(kept, paid("a", "0.000000001", unpriced=1))
    assert await journal.find(kept.call_id) == kept
    assert await PostgresSpending(engine).spent(DESK, NOON) == Tally(
        calls=1, tokens=120, usd=Decimal("0.000000001"), unpriced=1
    )


async def test_what_was_never_charged_is_free_and_may_be_tried_again(engine: AsyncEngine) -> None:
    journal = PostgresJournal(engine)
    attempt = Attempt(cycle_id="paper-1", call_id="a")
    await journal.reserve(ask())
    await journal.drop(attempt, charged=False)
    assert await rows(engine) == [("a", 1, "released", "0")]
    await journal.reserve(ask(usd="0.5"))
    assert await rows(engine) == [("a", 1, "reserved", "0.5")]


async def test_an_attempt_that_died_counts_in_full_and_the_next_reserves_anew(engine: AsyncEngine) -> None:
    journal = PostgresJournal(engine)
    await journal.reserve(ask())
    await journal.reserve(ask(attempt=2))
    assert await rows(engine) == [("a", 1, "lost", "0.25"), ("a", 2, "reserved", "0.25")]
    await journal.keep(call("yes"), paid("a", "0.1", number=2))
    # It was only slow: what it took is known after all.
    await journal.keep(call("yes"), paid("a", "0.07"))
    assert await rows(engine) == [("a", 1, "settled", "0.07"), ("a", 2, "settled", "0.1")]


async def test_whoever_reserved_too_long_ago_is_dead(engine: AsyncEngine) -> None:
    journal = PostgresJournal(engine)
    await journal.reserve(ask("a"))
    await journal.reserve(ask("b", at=NOON + LOST_AFTER))
    assert [state for _, _, state, _ in await rows(engine)] == ["reserved", "reserved"]
    await journal.reserve(ask("c", at=NOON + LOST_AFTER + timedelta(seconds=1)))
    assert [state for _, _, state, _ in await rows(engine)] == ["lost", "reserved", "reserved"]
    assert (await PostgresSpending(engine).spent(DESK, NOON)).usd == Decimal("0.75")


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({}, False),
        ({"at": NOON + timedelta(days=1)}, True),
        ({"at": NOON + timedelta(days=1), "budget": Budget(month=Caps(usd=Decimal(1)))}, False),
        ({"at": NOON + timedelta(days=40), "budget": Budget(month=Caps(usd=Decimal(1)))}, True),
        ({"at": NOON + timedelta(days=40), "budget": Budget(cycle=Caps(usd=Decimal(1)))}, False),
        ({"cycle_id": "paper-2", "budget": Budget(cycle=Caps(usd=Decimal(1)))}, True),
        ({"strategy_id": "other", "budget": Budget(strategy=Caps(usd=Decimal(1)))}, True),
        ({"budget": Budget(strategy=Caps(usd=Decimal(1)))}, False),
        ({"desk_id": "elsewhere", "cycle_id": "elsewhere-1"}, True),
    ],
)
async def test_each_budget_counts_what_is_its_own(
    engine: AsyncEngine,
    changes: dict[str, object],
    fits: bool,  # noqa: FBT001  a case of a table
) -> None:
    journal = PostgresJournal(engine)
    assert (await journal.reserve(ask("a", "0.7"))).chosen == 0
    assert ((await journal.reserve(ask("b", "0.4", **changes))).chosen == 0) is fits


async def test_a_level_is_written_once_with_one_alert(engine: AsyncEngine) -> None:
    journal = PostgresJournal(engine)
    await journal.reserve(ask("a", "0.85"))
    assert await told(engine) == []
    for number in range(3):
        choice = await journal.reserve(ask(f"b{number}", "0.01"))
        assert (choice.chosen, choice.strain.level) == (None, Level.FALLBACK)
    await journal.reserve(ask("c", "0.5", offers=(Offer(call_id="c", model="m", most=usd("0.5"), instead=True),)))
    assert await told(engine) == [
        ("BudgetDegraded", "fallback"),
        ("AlertRaised", None),
        ("BudgetDegraded", "closed"),
        ("AlertRaised", None),
    ]
    assert (await PostgresLedger(engine).books(DESK)).unreadable == ()


def usd(amount: str) -> Tally:
    return Tally(calls=1, tokens=10, usd=Decimal(amount))


async def test_whoever_may_wait_waits_for_what_is_under_way_and_nothing_is_written(engine: AsyncEngine) -> None:
    journal = PostgresJournal(engine)
    await journal.reserve(ask("a", "0.9"))
    assert (await journal.reserve(ask("b", "0.2", may_wait=True))).waits
    assert await told(engine) == []
    await journal.keep(call("yes"), paid("a", "0.1"))
    assert await journal.reserve(ask("b", "0.2", may_wait=True)) == Choice(chosen=0)


@pytest.mark.parametrize("cycles", [8, pytest.param(50, marks=pytest.mark.soak)])
async def test_cycles_at_once_over_several_processes_never_pass_a_cap(database: Database, cycles: int) -> None:
    engines = [application_engine(database, pool_size=2) for _ in range(5)]
    journals, random = [PostgresJournal(engine) for engine in engines], Random(7)
    most: list[Decimal] = []
    cap = Decimal(cycles) / 10

    async def cycle(number: int) -> None:
        journal = journals[number % len(journals)]
        for step in range(4):
            name = f"{number}-{step}"
            asked = ask(name, "0.11", cycle_id=f"paper-{number}", budget=Budget(day=Caps(usd=cap)))
            choice = await journal.reserve(asked)
            most.append((await PostgresSpending(engines[0]).spent(DESK, NOON)).usd)
            attempt = asked.tried(choice)
            if attempt is not None and random.random() < 0.9:
                took = Tally(calls=1, tokens=9, usd=Decimal(random.randint(1, 11)) / 100)
                await journal.keep(call("yes", user=name), Settlement(attempt=attempt, took=took))

    await asyncio.gather(*map(cycle, range(cycles)))
    for engine in engines:
        await engine.dispose()
    assert cap * Decimal("0.8") <= max(most) <= cap


@pytest.mark.parametrize("key", list(SpendKey))
async def test_what_is_shown_by_any_key_is_the_sum_of_the_rows(engine: AsyncEngine, key: SpendKey) -> None:
    journal, random = PostgresJournal(engine), Random(3)
    for number in range(40):
        at = NOON + timedelta(hours=random.randint(0, 90))
        chosen = {"agent": random.choice(list(Agent)), "strategy_id": random.choice("ab"), "budget": Budget()}
        asked = ask(f"{number}", "0.25", at=at, **chosen)
        attempt = asked.tried(await journal.reserve(asked))
        assert attempt is not None
        end = random.randint(0, 3)
        if end == 0:
            took = Tally(calls=1, tokens=7, usd=Decimal("0.013"), unpriced=number % 2)
            await journal.keep(call("yes", user=f"{number}"), Settlement(attempt=attempt, took=took))
        elif end < 3:
            await journal.drop(attempt, charged=end == 1)
    lines = await PostgresSpending(engine).lines(DESK, NOON, key)
    counted = [(state, Decimal(usd)) for _, _, state, usd in await rows(engine)]
    assert sum(line.usd for line in lines) == sum(usd for _, usd in counted)
    assert sum(line.calls for line in lines) == sum(state != "released" for state, _ in counted)
    for state in ("settled", "reserved", "lost"):
        assert sum(getattr(line, f"{state}_usd") for line in lines) == sum(usd for s, usd in counted if s == state)
    assert {line.key for line in lines} >= {"a", "b"} or key is not SpendKey.STRATEGY
    assert sum(line.unpriced for line in lines) > 0
    assert all(line.usd == line.settled_usd + line.reserved_usd + line.lost_usd >= line.unpriced_usd for line in lines)


async def test_what_is_asked_beside_the_desks_work_is_told_to_nobody_and_counts_in_the_desks_day(
    engine: AsyncEngine,
) -> None:
    journal = PostgresJournal(engine)
    desks = Budget(day=Caps(usd=Decimal("0.6")), fallback_at=Decimal("0.8"))
    beside = desks.beside(Caps(usd=Decimal("0.2")))
    poor = await journal.reserve(ask(cycle_id="inquiry-1", apart=True, budget=beside))
    assert (poor.chosen, poor.strain.period, poor.strain.level) == (None, Period.CYCLE, Level.CLOSED)
    rich = desks.beside(Caps(usd=Decimal(9)))
    first = await journal.reserve(ask("a", cycle_id="inquiry-2", apart=True, budget=rich))
    second = await journal.reserve(ask("b", cycle_id="inquiry-2", apart=True, budget=rich))
    assert (first.chosen, second.chosen, second.strain.period) == (0, None, Period.DAY)
    assert await told(engine) == []
    # The desk's own question still has its model; the one after finds the day as far gone as it is, and says so.
    own = [await journal.reserve(ask(call_id, cycle_id="cycle-1", budget=desks)) for call_id in ("c", "d")]
    assert [(one.chosen, one.strain.level) for one in own] == [(0, Level.NORMAL), (None, Level.FALLBACK)]
    assert [kind for kind, _ in await told(engine)] == ["BudgetDegraded", "AlertRaised"]
