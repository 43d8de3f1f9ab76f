"""What a desk has spent is what the journal of its calls says."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.journal import PostgresJournal
from tests.adapters.postgres.desk import NOON
from tests.adapters.postgres.test_journal_and_snapshots import call
from trading.agents.budget import Spending, Tally
from trading.agents.questions import ModelCall, Reply, Usage


def paid(user: str, cycle_id: str, *, hours: int = 0, usd: str | None = "0.25", desk_id: str = "main") -> ModelCall:
    spent = Usage(input_tokens=100, output_tokens=20, cache_read_tokens=90)
    reply = Reply(text="yes", model="m", usage=spent, cost_usd=None if usd is None else Decimal(usd))
    owned = {"desk_id": desk_id, "cycle_id": cycle_id, "replied_at": NOON - timedelta(hours=hours)}
    return call("yes", user=user).model_copy(update={"reply": reply, **owned})


async def test_nothing_is_spent_before_the_first_call(engine: AsyncEngine) -> None:
    assert await PostgresJournal(engine).spent("main", "main-1", NOON) == Spending()


async def test_calls_are_summed_by_cycle_and_by_day_of_one_desk(engine: AsyncEngine) -> None:
    journal = PostgresJournal(engine)
    calls = [
        paid("a", "main-1", hours=30),
        paid("b", "main-2", usd="0.000000001"),
        paid("c", "main-2", usd=None),
        paid("d", "main-3", hours=1),
        paid("e", "other-1", desk_id="other"),
        call("yes", user="of nobody"),
    ]
    for each in [*calls, calls[1]]:
        await journal.keep(each)

    spent = await journal.spent("main", "main-2", NOON - timedelta(hours=12))
    assert spent.cycle == Tally(calls=2, tokens=240, usd=Decimal("0.000000001"), unpriced=1)
    assert spent.day == Tally(calls=3, tokens=360, usd=Decimal("0.250000001"), unpriced=1)
    assert (await journal.spent("main", "main-1", NOON)).cycle == Tally(calls=1, tokens=120, usd=Decimal("0.25"))


async def test_a_call_is_found_with_its_owner(engine: AsyncEngine) -> None:
    journal, kept = PostgresJournal(engine), paid("a", "main-1")
    await journal.keep(kept)
    assert await journal.find(kept.call_id) == kept
