"""The broker in memory against the one on Postgres: whatever happens, both say the same to the digit."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.memory.broker import MemoryBroker
from adapters.paper_broker import PaperBroker, PaperTerms
from adapters.paper_broker.offers import MarketOffers
from tests.fakes.floor import NOON
from tests.fakes.market import FakeMarket
from trading.corporate_actions import CorporateAction
from trading.errors import TradingError
from trading.instruments import Side
from trading.market import Quote
from trading.orders import Leg, OrderKind, OrderRequest, TimeInForce
from trading.ports import Broker
from trading.settlement import BrokerOrder
from trading.statement import Activity, ActivityKind

SYMBOLS = ("AAPL", "MSFT", "NVDA")
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
TERMS = PaperTerms(
    commission_per_order=Decimal("0.35"),
    commission_per_share=Decimal("0.0035"),
    commission_bps=Decimal("0.7"),
    opening_cash=Decimal(20_000),
    volume_share=Decimal("0.1"),
    allow_short=True,
)


class Pair:
    """Two brokers at one market, told the same, and both told of everything at random."""

    def __init__(self, engine: AsyncEngine, seed: int) -> None:
        self.draw = random.Random(seed)
        self.terms = TERMS.model_copy(update={"allow_short": seed % 2 == 0, "fractionable": seed % 3 > 0})
        self.market = FakeMarket(SYMBOLS, volume=self.draw.choice([None, 300, 1_000]))
        self.at = NOON
        self.sent: list[str] = []
        self.entries: list[str] = []
        offers = MarketOffers(self.market, self.terms)
        self.stored = PaperBroker(engine, self.market, self.terms)
        self.kept = MemoryBroker(offers, lambda: datetime.now(UTC), self.terms)

    async def both(self, do: Callable[[Any], Awaitable[object]]) -> None:
        """Ask both; they give the same answer, or refuse in the same words."""
        answers = [await _answer(do, broker) for broker in (self.stored, self.kept)]
        assert answers[0] == answers[1]

    async def step(self) -> None:
        """One of all that may happen."""
        self.at += timedelta(minutes=self.draw.randint(1, 90))
        await self.draw.choice(
            (self.submit, self.submit, self.submit, self.quote, self.quote, self.cancel, self.other)
        )()

    async def submit(self) -> None:
        request = self._request()
        self.sent.append(request.client_order_id)
        if request.leg is Leg.ENTRY:
            self.entries.append(request.client_order_id)
        await self.both(lambda broker: broker.submit(request))

    async def quote(self) -> None:
        quotes = {symbol: self._quote(symbol) for symbol in self.draw.sample(SYMBOLS, 2)}
        await self.both(lambda broker: broker.match(quotes))

    async def cancel(self) -> None:
        name = self.draw.choice([*self.sent, "north-nobody"])
        name += self.draw.choice(["", "", "-stop", "-target"])
        await self.both(lambda broker: broker.cancel(name))

    async def other(self) -> None:
        await self.draw.choice((self.move_money, self.act, self.act))()

    async def move_money(self) -> None:
        amount, kind = self.draw.choice(
            [(Decimal("700.10"), ActivityKind.DEPOSIT), (Decimal(-9000), ActivityKind.WITHDRAWAL)]
        )
        name = f"money-{self.draw.randint(1, 3)}"
        paid = Activity(activity_id=name, kind=kind, amount=amount, occurred_at=self.at)
        await self.both(lambda broker: broker.move_money("north", paid))

    async def act(self) -> None:
        self.at += timedelta(days=self.draw.choice([1, 5]))
        fields = self.draw.choice([{"ratio": "2"}, {"ratio": "0.3"}, {"amount_usd": "0.24"}])
        kind = "split" if "ratio" in fields else "dividend"
        told = {"symbol": self.draw.choice(SYMBOLS), "kind": kind, "ex_on": self.at.date(), **fields}
        action = CorporateAction.model_validate(told)
        await self.both(lambda broker: broker.apply("north", [action]))

    async def compare(self) -> None:
        """All that both know."""
        told = [await _told(broker, self.sent) for broker in (self.stored, self.kept)]
        assert told[0] == told[1]

    def _quote(self, symbol: str) -> Quote:
        """Now and then one that is older than what was seen."""
        bid, age = Decimal(self.draw.randint(8000, 12500)) / 100, timedelta(hours=self.draw.choice([0, 0, 0, 5]))
        return self.market.quote(symbol, f"{bid}", f"{bid + Decimal('0.05')}", self.at - age)

    def _request(self) -> OrderRequest:
        draw, symbol = self.draw, self.draw.choice(SYMBOLS)
        side = draw.choice(list(Side))
        away = 1 if side is Side.BUY else -1
        leg = draw.choice([Leg.ENTRY, Leg.ENTRY, Leg.EXIT])
        fields: dict[str, object] = {
            "client_order_id": f"north-{len(self.sent)}",
            "desk_id": "north",
            "strategy_id": "s",
            "cycle_id": "c",
            "leg": leg,
            "symbol": symbol,
            "side": side,
            "mark": "100",
            "as_of": self.at,
            "trace_id": "t",
            "quantity": draw.choice(["1", "7", "55", "120", "2.5"]),
            "kind": draw.choice(list(OrderKind)),
            "time_in_force": draw.choice(list(TimeInForce)),
            "expires_at": draw.choice([None, self.at + timedelta(hours=3)]),
        }
        if leg is Leg.ENTRY:
            fields |= {"stop": f"{100 - 8 * away}", "target": draw.choice([None, f"{100 + 9 * away}"])}
        elif self.entries and draw.random() < 0.4:
            fields |= {"leg": Leg.STOP, "kind": OrderKind.STOP, "parent_id": draw.choice(self.entries)}
        price = f"{draw.randint(90, 112)}.{draw.randint(0, 99):02}"
        named = {OrderKind.LIMIT: "limit_price", OrderKind.STOP: "stop_price"}.get(fields["kind"])  # type: ignore[call-overload]
        return OrderRequest.model_validate(fields | ({named: price} if named else {}))


async def _answer(do: Callable[[Any], Awaitable[object]], broker: Broker) -> object:
    try:
        answer = await do(broker)
    except TradingError as error:
        return type(error), str(error)
    return _timeless(answer) if isinstance(answer, BrokerOrder) else answer


def _timeless(order: BrokerOrder) -> BrokerOrder:
    return order.model_copy(update={"received_at": EPOCH})


async def _told(broker: Broker, sent: list[str]) -> dict[str, object]:
    statement = await broker.statement("north", EPOCH)
    return {
        "account": statement.account,
        "holdings": statement.holdings,
        "orders": [_timeless(order) for order in statement.orders or ()],
        "fills": statement.fills,
        "activities": [one.model_copy(update={"occurred_at": EPOCH}) for one in statement.activities or ()],
        "fills of each": [await broker.fills(name) for name in sent],
        "legs of each": [[leg.client_order_id for leg in await broker.legs(name)] for name in sent],
        "assets": [await broker.asset(symbol) for symbol in (*SYMBOLS, "NONE")],
    }


async def play(engine: AsyncEngine, seed: int, steps: int) -> Pair:
    pair = Pair(engine, seed)
    for symbol in SYMBOLS[:2]:
        pair._quote(symbol)  # noqa: SLF001  the pair's own opening prices
    for _ in range(steps):
        await pair.step()
    await pair.compare()
    return pair


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_both_brokers_say_the_same_of_everything(engine: AsyncEngine, seed: int) -> None:
    pair = await play(engine, seed, steps=50)
    statement = await pair.kept.statement("north", EPOCH)
    assert statement.fills  # else nothing was compared
    assert {order.state for order in statement.orders or ()} >= {"filled", "cancelled"}


@pytest.mark.parametrize(
    "seed", [pytest.param(n, marks=pytest.mark.faults if n < 8 else pytest.mark.soak) for n in range(4, 40)]
)
async def test_both_brokers_say_the_same_of_many_lives(engine: AsyncEngine, seed: int) -> None:
    await play(engine, seed, steps=80)
