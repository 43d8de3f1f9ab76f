"""What a cycle decided from is kept once, and comes back whole."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.memory.grounds import MemoryGrounds
from adapters.postgres.grounds import PostgresGrounds
from adapters.postgres.ledger import PostgresLedger
from tests import making
from tests.adapters.postgres.desk import opening
from tests.making import AT, DESK
from tests.memories import outcome, remembered, thought
from trading.breaker import CircuitBreaker
from trading.errors import BooksDisagree
from trading.limits import Limits
from trading.memory import Precedents, recalled
from trading.memory_ports import GroundsKept
from trading.steps import Grounds, Marked, Opening, Recollection


def grounds(number: int = 1, days: int = 0, reason: str = "") -> Grounds:
    """Those of one cycle, so many days after the first moment."""
    at = AT + timedelta(days=days)
    won = recalled(remembered(ended=outcome("5")), 0.25)
    return Grounds(
        cycle=making.cycle("AAPL", number=number),
        opening=Opening(as_of=at, market="file", synthetic=False, in_session=True, limits=Limits()),
        snapshot=making.summary({"AAPL": ("100.25", "Technology")}),
        marked=Marked(desk=making.portfolio("90000", making.position())),
        breaker=CircuitBreaker(),
        shadow=False,
        shadows=(thought(),),
        recollection=Recollection(precedents=(Precedents(symbol="AAPL", side=won.side, wins=(won,), because=reason),)),
    )


async def asked(kept: GroundsKept) -> None:
    """The same of both."""
    for one in (grounds(1, 0), grounds(2, 2), grounds(3, 1), grounds(1, 0, "another")):
        await kept.keep(one)
    assert await kept.load(DESK, making.cycle(number=1).cycle_id) == grounds(1)
    day = timedelta(days=1)
    assert [name[-1] for name in await kept.cycles(DESK, AT, AT + 3 * day)] == ["1", "3", "2"]
    assert [name[-1] for name in await kept.cycles(DESK, AT + day, AT + 2 * day)] == ["3"]
    assert await kept.cycles("other", AT, AT + 3 * day) == ()
    for desk, cycle in ((DESK, "paper/cycle-9"), ("other", "paper/cycle-1")):
        with pytest.raises(BooksDisagree, match="no grounds of cycle"):
            await kept.load(desk, cycle)


async def test_grounds_in_postgres(engine: AsyncEngine) -> None:
    opened, cash = opening(DESK)
    await PostgresLedger(engine).open_desk(opened, cash=cash)
    await asked(PostgresGrounds(engine))


async def test_grounds_in_memory() -> None:
    await asked(MemoryGrounds())
