"""In Postgres, whatever arrives in whatever order, accounts funded in between: the rows are what the fold makes."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import count
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.ledger import PostgresLedger
from tests.adapters.postgres.desk import opening
from tests.making import after, quote
from tests.properties.shared_lives import NAMES, SYMBOLS, Life, shared_lives
from trading.adjustments import Adjustment, position_adjusted
from trading.audit import Books, audit
from trading.capital import capital_changed
from trading.limits import Limits
from trading.order_events import order_moved, trade_executed
from trading.orders import Fill
from trading.portfolio import CapitalEvent
from trading.strategy import Rung, Strategy, StrategyChange

_numbers = count(1)
Arrival = Fill | Adjustment | CapitalEvent
# What only the limits, the decisions and the broker could tell; these lives have neither.
ELSEWHERE = {"I1", "I3", "I4", "I7"}


async def opened(ledger: PostgresLedger, life: Life) -> str:
    desk = life.capital[0].desk_id
    made, cash = opening(desk)
    await ledger.open_desk(made, cash=cash)
    for order in life.orders:
        await ledger.adopt(order, order_moved(order.request, order.state, None, order.request.as_of))
    return desk


async def arrive(ledger: PostgresLedger, life: Life, one: Arrival) -> None:
    requests = {order.request.client_order_id: order.request for order in life.orders}
    if isinstance(one, Fill):
        await ledger.apply_fill(one, trade_executed(requests[one.client_order_id], one))
    elif isinstance(one, Adjustment):
        await ledger.adjust(one, position_adjusted(one, "trace"))
    else:
        await ledger.change_capital(capital_changed(one, "trace"))


async def allocate(ledger: PostgresLedger, desk: str, name: str, number: int, part: str) -> None:
    strategy = Strategy(strategy_id=name, source="rule", allocation=Decimal(part), rung=Rung.PAPER)
    changed = StrategyChange(desk_id=desk, change_id=f"c-{number}", strategy=strategy, by="operator", at=after(number))
    await ledger.change_strategy(changed, Limits())


async def marked(ledger: PostgresLedger, desk: str, name: str, number: int) -> None:
    """A cycle's mark: what is held has new prices, and the strategy is brought to its allocation."""
    quotes = {symbol: quote(symbol, str(100 + number)) for symbol in SYMBOLS}
    await ledger.mark(desk, quotes, after(20 + number))
    await ledger.fund(desk, name, after(20 + number))


async def lived(ledger: PostgresLedger, life: Life, arrivals: Sequence[Arrival]) -> Books:
    desk = await opened(ledger, life)
    for number, one in enumerate(arrivals):
        name = NAMES[number % 3]
        if number % 3 == 0:
            await allocate(ledger, desk, name, number, ("0.5", "0.2", "0.3")[number // 3 % 3])
        if number % 2 == 0:
            await marked(ledger, desk, name, number)
        await arrive(ledger, life, one)
    return await ledger.books(desk)


@pytest.mark.faults
@given(st.data(), st.randoms(use_true_random=False))
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_the_rows_of_shared_lives_are_what_is_made_of_them(
    engine: AsyncEngine, data: st.DataObject, random: Random
) -> None:
    ledger, number = PostgresLedger(engine), next(_numbers)
    life = data.draw(shared_lives(f"desk-{number}", most=10))
    arrivals: list[Arrival] = [*life.fills, *life.adjustments, *life.capital[1:]]
    random.shuffle(arrivals)
    books = await lived(ledger, life, arrivals)

    found = audit(books)
    assert {one.invariant for one in found} <= ELSEWHERE, found
    assert all(one.found.startswith("over-filled") for one in found if one.invariant == "I4")
