"""Two ledgers that are asked the same, and must never answer otherwise."""

from __future__ import annotations

from typing import NamedTuple

from adapters.memory.ledger import MemoryLedger
from adapters.postgres.ledger import PostgresLedger
from tests.adapters.memory.walks import NAMES, Ask, Step, Walk
from tests.adapters.postgres.desk import opening
from tests.trading.remembered import setup
from trading.books import Books
from trading.errors import TradingError
from trading.memory import Setup
from trading.orders import OrderRequest, stem_of
from trading.ports import Ledger


class Twins(NamedTuple):
    """The books of one desk, twice."""

    postgres: PostgresLedger
    memory: MemoryLedger

    async def walk(self, walk: Walk, steps: list[Step]) -> Books:
        """Go a walk with both, look at both after each step, and answer with the books that both have in the end."""
        opened, cash = opening(walk.desk)
        await self._same("open", lambda ledger: ledger.open_desk(opened, cash=cash))
        for first in walk.beginning:
            await self._same("the beginning", first)
        for number, step in enumerate(steps):
            asked = walk.ask(step)
            if asked is not None:
                await self._same(f"{number}: {step}", asked)
                await self._look(walk, f"after {number}: {step}", NAMES[number % len(NAMES)])
        books = await self._same("books", lambda ledger: ledger.books(walk.desk))
        assert isinstance(books, Books)
        return books

    async def _look(self, walk: Walk, when: str, name: str) -> None:
        desk, newest = walk.desk, walk.requests[-1].client_order_id if walk.requests else "none"
        looks: dict[str, Ask] = {
            "portfolio": lambda ledger: ledger.portfolio(desk),
            "footing": lambda ledger: ledger.footing(desk, name),
            "breaker": lambda ledger: ledger.breaker(desk),
            "breakers": lambda ledger: ledger.strategy_breakers(desk),
            "order": lambda ledger: ledger.order(newest),
            "shadow_trades": lambda ledger: ledger.shadow_trades(desk),
            "fates": lambda ledger: ledger.fates(desk, [_setup(one) for one in walk.requests[-6:]]),
            "looked_at": lambda ledger: ledger.looked_at(desk, name),
        }
        for what, look in looks.items():
            await self._same(f"{what} {when}", look)

    async def _same(self, when: str, asked: Ask) -> object:
        first, second = [await _answer(ledger, asked) for ledger in self]
        assert second == first, when
        return first


def _setup(of: OrderRequest) -> Setup:
    """The decision that an order came of."""
    shared = {name: getattr(of, name) for name in ("desk_id", "strategy_id", "cycle_id", "symbol", "side", "leg")}
    return setup(of.client_order_id, **shared, order_id=stem_of(of.client_order_id), decided_at=of.as_of)


async def _answer(ledger: Ledger, asked: Ask) -> object:
    """What a ledger answers, or in which words it refuses."""
    try:
        return await asked(ledger)
    except (TradingError, ValueError) as refused:
        return type(refused), str(refused)
