"""A desk whose broker is the stand-in of Alpaca, over the real client; and what must be true of both in the end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from activities.opening import OpeningActivities
from tests import making
from tests.adapters.wire.alpaca_orders import ORDERS, adapter
from tests.fakes.broker_server import Brokerage, BrokerServer
from tests.rig import Ports, serving
from trading.audit import Books, Finding, audit
from trading.desk import DeskOpening
from trading.events import Event, EventType
from trading.limits import Limits
from trading.orders import Order, OrderRequest, OrderState, effective
from trading.settlement import IntentAsked
from workflows import policies
from workflows.order_execution import OrderExecution

AT_ONCE = 20
PRICES = {"AAPL": "190.25", "BAC": "31.10", "DUK": "92.40", "GE": "18.05", "INTC": "45.58", "KO": "46.54"}
# Hundreds of orders on one desk within a minute: what bounds a desk in ordinary is not what is tried here.
WIDE = Limits(
    max_position=Decimal(1),
    max_sector=Decimal(1),
    max_order_usd=Decimal(1_000_000),
    max_orders_per_minute=10_000,
    max_orders_per_day=10_000,
    max_daily_usd=Decimal(1_000_000_000),
    max_daily_turnover=Decimal(1000),
    duplicate_minutes=0,
)


def brokerage(seed: int = 0) -> Brokerage:
    """An account with dollars enough, and six symbols with their prices; another seed makes other ids."""
    made = Brokerage(10_000_000, seed=seed)
    for symbol, price in PRICES.items():
        made.list_asset(symbol, price)
    return made


@dataclass
class Wired:
    """One desk, its books, and its account at the stand-in."""

    desk_id: str
    server: BrokerServer
    ports: Ports
    client: Client | None = None
    sent: list[OrderRequest] = field(default_factory=list)

    async def open(self) -> None:
        """Open the books with the account's cash."""
        opening = DeskOpening(desk_id=self.desk_id, trace_id=making.TRACE, at=datetime.now(UTC))
        await OpeningActivities(self.ports.broker, self.ports.ledger).open_desk(opening)

    async def intend(self, number: int, **terms: Any) -> OrderRequest:
        """Decide on an order, the desk's `number`th, and write its intent; every fourth has a stop and a target."""
        asked = self.order(number, **terms)
        await self.ports.ledger.record([_decision(asked)])
        now = datetime.now(UTC)
        known = making.standing(asked.symbol, f"{asked.mark:f}", account=making.account("1000000000"), asked_at=now)
        intent = IntentAsked(request=asked, limits=WIDE, standing=known, intended_at=now)
        answer = await self.ports.ledger.intend(intent)
        assert isinstance(answer, Order), answer
        self.sent.append(asked)
        return asked

    def order(self, number: int, **terms: Any) -> OrderRequest:
        symbol = str(terms.pop("symbol", list(PRICES)[number % len(PRICES)]))
        mark = Decimal(PRICES.get(symbol, "50.00"))
        protected = {"stop": mark - 5, "target": mark + 5} if number % 4 == 0 else {}
        told = {"desk_id": self.desk_id, "cycle_id": f"{self.desk_id}-{number}", "mark": mark, **protected, **terms}
        quantity = str(told.pop("quantity", 1 + number % 9))
        return making.request(symbol, quantity, as_of=datetime.now(UTC), **told)

    async def send(self, asked: OrderRequest) -> Order:
        """Run an order's own workflow to its end."""
        assert self.client is not None
        return await self.client.execute_workflow(
            OrderExecution.run, asked, id=asked.client_order_id, task_queue=policies.DESK_QUEUE
        )

    async def send_all(self, orders: Iterable[OrderRequest]) -> list[Order]:
        """Send them all, twenty at once."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(asked: OrderRequest) -> Order:
            async with gate:
                return await self.send(asked)

        return await asyncio.gather(*map(one, orders))

    async def known(self, name: str) -> Order:
        """An order as the books have it."""
        order = await self.ports.ledger.order(name)
        assert order is not None
        return order

    @property
    def posts(self) -> Counter[str]:
        """How often each order was sent, whatever became of it."""
        return Counter(request.body["client_order_id"] for request in self.server.asked("POST", ORDERS))

    async def findings(self) -> tuple[Finding, ...]:
        """What the audit finds over the books and the broker's."""
        book = await self.ports.broker.orders(self.desk_id)
        return audit(await self.ports.ledger.books(self.desk_id), book)

    async def wrongs(self) -> list[str]:
        """Everything that is wrong: findings, doubled and lost orders and fills, dollars and shares that differ."""
        self.server.faults.clear()
        found = [f"{one.invariant} {one.about}: {one.found}" for one in await self.findings()]
        books = await self.ports.ledger.books(self.desk_id)
        return [*found, *doubled(self), *lost(books, self.server), *unequal(books, self.server.brokerage)]


def doubled(desk: Wired) -> Iterator[str]:
    """Orders that the broker took more than once, or that were sent again after it had said that it has them."""
    for name, times in desk.server.accepted.items():
        if times > 1:
            yield f"{name} was accepted {times} times"
    for name in desk.posts:
        told = [one.status for one in desk.server.asked("POST", ORDERS) if one.body["client_order_id"] == name]
        after = told[told.index(200) + 1 :] if 200 in told else []
        if any(status == 200 for status in after):
            yield f"{name} was sent and taken again: {told}"


def lost(books: Books, server: BrokerServer) -> Iterator[str]:
    """Orders that only one of the two has, and fills that only one of the two has, or has with other content."""
    gone = {OrderState.REJECTED, OrderState.DENIED, OrderState.INTENDED}
    named = {order.request.client_order_id: order for order in books.orders if order.state not in gone}
    held = {order.client_order_id: order for order in server.brokerage.orders.values()}
    for name in server.accepted.keys() - named.keys():
        yield f"the broker has {name}, the books do not"
    for name, order in named.items():
        if name not in held and order.state not in {OrderState.CANCELLED, OrderState.EXPIRED}:
            yield f"{name} is {order.state}, and the broker does not have it"
        if name in held and held[name].filled != order.filled_quantity:
            yield f"{name} has filled {held[name].filled}, in the books {order.filled_quantity}"
    theirs = {
        fill.activity_id: (fill.order.client_order_id, fill.qty, fill.price)
        for fill in server.brokerage.executions
        if not fill.busted
    }
    ours = {fill.fill_id: (fill.client_order_id, fill.quantity, fill.price) for fill in effective(books.fills)}
    for name in theirs.keys() ^ ours.keys():
        yield f"the fill {name} is there for one of the two: {theirs.get(name, ours.get(name))}"
    yield from (f"the fill {n} differs" for n in theirs.keys() & ours.keys() if theirs[n] != ours[n])


def unequal(books: Books, account: Brokerage) -> Iterator[str]:
    """Cash and shares, to the cent and the share."""
    if books.portfolio.cash != account.cash:
        yield f"cash is {books.portfolio.cash} in the books, {account.cash} at the broker"
    ours = {position.symbol: position.quantity for position in books.portfolio.positions if position.quantity}
    theirs = {symbol: held.qty for symbol, held in account.holdings.items()}
    if ours != theirs:
        yield f"the books hold {ours}, the broker {theirs}"


def wired(server: BrokerServer, engine: AsyncEngine, data: Path, desk_id: str = "main", seconds: float = 5) -> Wired:
    """A desk at this server, its books in this database; `seconds` are how long one answer may take."""
    ports = Ports.real(engine, data).but(broker=adapter(server, timeout_seconds=seconds))
    return Wired(desk_id, server, ports)


@asynccontextmanager
async def at_work(client: Client, desk: Wired) -> AsyncIterator[Wired]:
    """The desk with its books open and workers that send its orders."""
    await desk.open()
    async with serving(client, desk.ports):
        desk.client = client
        yield desk


def _decision(asked: OrderRequest) -> Event:
    return Event(
        event_id=f"{asked.cycle_id}/{EventType.META_AGENT_DECISION}/{asked.symbol}",
        desk_id=asked.desk_id,
        aggregate_id=asked.cycle_id,
        type=EventType.META_AGENT_DECISION,
        trace_id=asked.trace_id,
        occurred_at=datetime.now(UTC),
        data={"symbol": asked.symbol, "verdict": "EXECUTE", "quantity": f"{asked.quantity:f}"},
    )
