"""Fifty cycles side by side over several workers' connections: all that fits is asked, and no cap is passed."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.agents import AgentActivities
from adapters.postgres.engine import Database, application_engine
from adapters.postgres.journal import PostgresJournal
from adapters.postgres.ledger import PostgresLedger
from adapters.postgres.spending import PostgresSpending
from tests.activities.test_agents import SEEN
from tests.activities.test_paying import told
from tests.adapters.postgres.desk import NOON, opening
from tests.fakes.memory import MemorySnapshots
from tests.fakes.seats import Dear, cast, seat
from tests.making import DESK
from tests.trading.agents.test_reading import GOOD
from trading.agents.budget import Budget, Caps
from trading.agents.questions import Question, Reply
from trading.signals import Signal

CYCLES, WORKERS = 50, 5
MOST, TAKEN = "0.1", "0.03"

pytestmark = pytest.mark.faults


class Slow:
    """A model that thinks for a moment."""

    async def answer(self, question: Question) -> Reply:
        await asyncio.sleep(0.05)
        return Reply(text=GOOD, model=question.model)


@pytest.mark.parametrize(("cap", "least"), [(Decimal(2), 50), (Decimal("0.75"), 12), (Decimal("0.05"), 0)])
async def test_fifty_cycles_at_once_spend_what_there_is_and_no_more(
    database: Database, engine: AsyncEngine, cap: Decimal, least: int
) -> None:
    opened, cash = opening(DESK)
    await PostgresLedger(engine).open_desk(opened, cash=cash)
    engines = [application_engine(database, pool_size=2) for _ in range(WORKERS)]
    # No level but the last: it is the cap alone that is looked at.
    budget = Budget(day=Caps(usd=cap), fallback_at=Decimal(1), skip_at=Decimal(1))
    workers = [
        AgentActivities(cast(seat(Dear(Slow(), TAKEN), MOST)), PostgresJournal(one), MemorySnapshots(SEEN), budget)
        for one in engines
    ]
    seen: list[Decimal] = []

    async def cycle(number: int) -> bool:
        asked = told(number)
        own = asked.model_copy(update={"books": asked.books.model_copy(update={"cash": float(number)})})
        heard = await workers[number % WORKERS].ask_data(own)
        seen.append((await PostgresSpending(engine).spent(DESK, NOON)).usd)
        return isinstance(heard.answer, Signal)

    answered = sum(await asyncio.gather(*(cycle(number) for number in range(1, CYCLES + 1))))
    for one in engines:
        await one.dispose()
    assert max(seen) <= cap
    assert answered >= least
    assert (await PostgresSpending(engine).spent(DESK, NOON)).usd == answered * Decimal(TAKEN)
