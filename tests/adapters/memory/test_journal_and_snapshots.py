"""Replies, what they cost, and snapshots in memory; spending beside the ledger of spend in Postgres."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.memory.holders import MemoryHolders
from adapters.memory.journal import MemoryJournal
from adapters.memory.ledger import MemoryLedger
from adapters.memory.snapshots import MemorySnapshots
from adapters.postgres.journal import PostgresJournal
from adapters.postgres.ledger import PostgresLedger
from tests.adapters.postgres.desk import DESK, NOON, opening
from tests.adapters.postgres.parted import holds, shared
from tests.adapters.postgres.test_journal_and_snapshots import call, snapshot
from tests.adapters.postgres.test_spending import ask, paid
from trading.agents.budget import Budget, Caps, Level, Offer, Tally
from trading.errors import BooksDisagree
from trading.events import EventType
from trading.ports import Journal
from trading.spending import Attempt

TIGHT = Budget(
    cycle=Caps(calls=4),
    day=Caps(usd=Decimal(2)),
    month=Caps(usd=Decimal(3)),
    strategy=Caps(usd=Decimal("1.5")),
)


async def test_a_reply_is_found_under_its_question_and_the_first_stays(ledger: MemoryLedger) -> None:
    journal = MemoryJournal(ledger)
    assert await journal.find(call("yes").call_id) is None
    for reply in ("yes", "no"):
        await journal.keep(call(reply))
    assert await journal.find(call("yes").call_id) == call("yes")


async def test_what_no_database_takes_is_kept_as_it_would_be_there(ledger: MemoryLedger) -> None:
    journal, odd = MemoryJournal(ledger), call("NUL \0, whole \U0001f600", user="\0?")
    await journal.keep(odd)
    found = await journal.find(odd.call_id)
    assert found is not None
    assert (found.reply.text, found.question.user) == ("NUL \ufffd, whole \U0001f600", "\ufffd?")


async def test_what_is_kept_behind_is_found_and_what_is_new_is_kept_there_too(ledger: MemoryLedger) -> None:
    behind = MemoryJournal(ledger)
    await behind.keep(call("old"))
    journal, new = MemoryJournal(ledger, behind), call("new", user="KO?")
    await journal.keep(new)
    assert await journal.find(call("old").call_id) == call("old")
    assert await behind.find(new.call_id) == new
    assert await MemoryJournal(ledger, behind).find(new.call_id) == new


async def test_what_a_reply_took_is_this_runs_and_not_that_of_the_journal_behind(ledger: MemoryLedger) -> None:
    behind = MemoryJournal(ledger)
    journal = MemoryJournal(ledger, behind)
    assert (await journal.reserve(ask())).chosen == 0
    await journal.keep(call("yes"), paid("a", "0.03"))
    assert journal.spending.since(DESK, NOON) == Tally(calls=1, tokens=120, usd=Decimal("0.03"))
    assert behind.spending.since(DESK, NOON) == Tally()


async def test_a_strained_budget_is_told_once_in_the_log(ledger: MemoryLedger) -> None:
    journal = MemoryJournal(ledger)
    for number in range(4):
        await journal.reserve(ask(f"call-{number}", "0.45", attempt=number + 1))
    told = [stored.event for stored in (await ledger.books(DESK)).events]
    assert [one.data["level"] for one in told if one.type is EventType.BUDGET_DEGRADED] == [Level.SKIPPING]
    assert [one.type for one in told][-1] is EventType.ALERT_RAISED


async def same(pair: tuple[Journal, Journal], random: Random, number: int) -> None:
    """One thing asked of both."""
    at = NOON + timedelta(hours=random.choice((0, 1, 30)) * number, minutes=random.choice((0, 1, 7)))
    name, cycle, attempt = random.choice("abc"), f"paper-{random.randint(1, 3)}", random.randint(1, 3)
    usd, whose = Decimal(random.randint(0, 60)) / 100, random.choice(("agents", "trend"))
    took = Tally(calls=1, tokens=random.randint(1, 900), usd=usd, unpriced=random.choice((0, 0, 3)))
    kind = random.choice(("reserve", "reserve", "reserve", "settle", "drop"))
    known: dict[str, Any] = {"cycle_id": cycle, "attempt": attempt, "strategy_id": whose, "at": at, "budget": TIGHT}
    offers = (Offer(call_id=name, model="m", most=took), Offer(call_id="d", model="n", most=took, instead=True))
    asked = ask(**known, offers=offers, may_wait=random.random() < 0.3, optional=random.random() < 0.3)
    paying, charged = Attempt(cycle_id=cycle, call_id=name, number=attempt), random.random() < 0.5
    answers: list[object] = []
    for journal in pair:
        if kind == "reserve":
            answers.append(await journal.reserve(asked))
        elif kind == "settle":
            await journal.keep(call("yes"), paid(name, f"{usd}").model_copy(update={"attempt": paying, "took": took}))
        else:
            await journal.drop(paying, charged=charged)
    assert len(answers) < 2 or answers[0] == answers[1], (number, asked)


@pytest.mark.parametrize("seed", range(4))
async def test_spending_is_counted_as_in_postgres(engine: AsyncEngine, ledger: MemoryLedger, seed: int) -> None:
    opened, cash = opening()
    real = PostgresLedger(engine)
    await real.open_desk(opened, cash=cash)
    pair, random = (PostgresJournal(engine), MemoryJournal(ledger)), Random(seed)
    for number in range(30):
        await same(pair, random, number)
    first, second = [await books.books(DESK) for books in (real, ledger)]
    assert [one.event for one in second.events] == [one.event for one in first.events]


async def test_a_snapshot_comes_back_and_only_the_newest_are_kept() -> None:
    snapshots = MemorySnapshots(most=2)
    seen = [snapshot().model_copy(update={"provider": f"file-{number}"}) for number in range(3)]
    for one in (*seen, seen[1]):
        await snapshots.keep("paper", one)
    assert await snapshots.load(seen[2].snapshot_id) == seen[2]
    assert await snapshots.load(seen[1].snapshot_id) == seen[1]
    with pytest.raises(BooksDisagree, match="no snapshot"):
        await snapshots.load(seen[0].snapshot_id)


async def test_who_holds_what_is_who_has_a_round_trip_open(ledger: MemoryLedger) -> None:
    holders = MemoryHolders(ledger)
    assert await holders.held(DESK) == {}
    await shared(ledger, "trend")
    await holds(ledger, "trend", "5")
    await holds(ledger, "agents", "1", symbol="KO")
    assert await holders.held(DESK) == {"trend": frozenset({"AAPL"}), "agents": frozenset({"KO"})}
    assert await holders.held("nobody") == {}
