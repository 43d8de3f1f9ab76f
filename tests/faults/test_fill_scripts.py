"""A thousand lives of orders at the broker, followed at any moment of them: the books have what the broker has.

Fills come in parts, twice, out of order, late, before the order's acceptance and after its cancel; too many, and taken
back. Half of the orders are sales of what was bought before.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.auditing import AuditActivities
from activities.following import Follower
from activities.orders import OrderActivities
from tests import making
from tests.adapters.wire.alpaca_orders import ORDERS
from tests.fakes.broker_server import failure, garbage, serving
from tests.fakes.broker_server.records import CANCELLABLE
from tests.faults.brokerages import PRICES, Wired, brokerage, wired
from tests.faults.proving import tell
from trading.breaker import TradingState
from trading.errors import BrokerUnavailable
from trading.instruments import Side
from trading.orders import OrderRequest

FILLS = "/v2/account/activities/FILL"
LANES, SCRIPTS, MOST_STEPS = 20, 50, 8
HELD, DAY = 1000, 86_400
# Looks for which a fill may be missing.
LATEST = 2
OVER = "over-filled"


class Life:
    """One order, what the broker does with it, and who looks at it meanwhile."""

    def __init__(self, desk: Wired, asked: OrderRequest, random: Random) -> None:
        self.desk, self.asked, self.random = desk, asked, random
        self.follower = Follower(desk.ports.broker, desk.ports.ledger)
        self.name, self.account = asked.client_order_id, desk.server.brokerage
        self.steps: dict[str, Callable[[], Awaitable[object]]] = {
            "part": self.fills_some,
            "too much": self.fills_too_much,
            "late": self.fills_late,
            "taken back": self.takes_back,
            "ended": self.ends,
            "behind": self.falls_behind,
            "unwell": self.fails,
            "followed": self.follows,
            "followed twice": self.follows_twice,
        }

    async def live(self) -> Counter[str]:
        """Send it, let so many things happen, and look until nothing is new; what happened how often."""
        if self.random.random() < 0.3:
            # Its acceptance is not heard: what follows comes before it.
            self.desk.server.faults.plan("POST", ORDERS, garbage("truncated"), order=self.name)
        ledger, market = self.desk.ports.ledger, self.desk.ports.market
        await OrderActivities(self.desk.ports.broker, ledger, market).submit_order(making.sending(self.asked))
        weights = [4, 1, 2, 2, 1, 1, 1, 3, 2]
        chosen = self.random.choices(list(self.steps), weights, k=self.random.randint(2, MOST_STEPS))
        for step in chosen:
            await self.steps[step]()
        self.desk.server.faults.clear()
        for _ in range(1 + LATEST):
            await self.follows()
        return Counter(chosen)

    def _leaves(self) -> int:
        return int(self.account.order(self.name).leaves())

    def _price(self) -> Decimal:
        return self.asked.mark + Decimal(self.random.randint(-300, 300)) / 100

    async def fills_some(self) -> None:
        if left := self._leaves():
            self.account.fill(self.name, self.random.randint(1, left), self._price())

    async def fills_too_much(self) -> None:
        self.account.fill(self.name, self._leaves() + self.random.randint(1, 3), self._price())

    async def fills_late(self) -> None:
        """A fill of up to a day ago that is told now, or one of the next day."""
        if left := self._leaves():
            at = datetime.now(UTC) + timedelta(seconds=self.random.randint(-DAY, DAY))
            self.account.fill(self.name, self.random.randint(1, left), self._price(), at)

    async def takes_back(self) -> None:
        standing = [fill for fill in self.account.order(self.name).executions if not fill.busted]
        if standing:
            self.account.bust(self.random.choice(standing))

    async def ends(self) -> None:
        if self.account.order(self.name).status in CANCELLABLE:
            self.random.choice([self.account.cancel_by_broker, self.account.expire])(self.name)

    async def falls_behind(self) -> None:
        """What happened last is missing from the next list of it."""
        self.desk.server.activities.delay(newest=self.random.randint(1, 2), lookups=self.random.randint(1, LATEST))

    async def fails(self) -> None:
        """The next look breaks off in the middle."""
        self.desk.server.faults.plan("GET", FILLS, failure(500, accepted=False))
        with pytest.raises(BrokerUnavailable):
            await self.follows()

    async def follows(self) -> None:
        await self.follower.follow(self.asked)

    async def follows_twice(self) -> None:
        await asyncio.gather(self.follows(), self.follows())


async def stocked(desk: Wired) -> None:
    """Open the desk and buy what is sold later, two days ago."""
    await desk.open()
    account, follower = desk.server.brokerage, Follower(desk.ports.broker, desk.ports.ledger)
    account.resting = True
    for number, symbol in enumerate(PRICES):
        asked = await desk.intend(number, symbol=symbol, quantity=HELD, stop=None, target=None)
        await submit(desk, asked)
        account.fill(asked.client_order_id, at=datetime.now(UTC) - timedelta(days=2))
        await follower.follow(asked)


async def submit(desk: Wired, asked: OrderRequest) -> None:
    orders = OrderActivities(desk.ports.broker, desk.ports.ledger, desk.ports.market)
    await orders.submit_order(making.sending(asked))


async def lane(engine: AsyncEngine, data: Path, number: int, scripts: int) -> tuple[Counter[str], int]:
    """Some lives on one desk, one after the other; what happened in them, and how many orders were over-filled."""
    random = Random(number)
    with serving(brokerage(number)) as server:
        desk = wired(server, engine, data, f"lane-{number}")
        await stocked(desk)
        server.activities.twice, server.activities.shuffle = bool(number % 2), Random(number) if number % 3 else None
        happened: Counter[str] = Counter()
        for script in range(scripts):
            side = random.choice(list(Side))
            terms = {"side": side, "quantity": random.randint(2, 12), "stop": None, "target": None}
            asked = await desk.intend(100 + script, **terms)
            happened += await Life(desk, asked, random).live()
        over = {
            order.client_order_id
            for order in server.brokerage.orders.values()
            if order.qty is not None and order.filled > order.qty
        }
        found = {one.about for one in await desk.findings() if one.invariant == "I4" and one.found.startswith(OVER)}
        assert found == over, f"lane {number}"
        # Whatever else is wrong is wrong.
        assert [wrong for wrong in await desk.wrongs() if OVER not in wrong] == [], f"lane {number}"
        assert (await state_after_audit(desk) is TradingState.HALTED) is bool(over)
    return happened, len(over)


async def state_after_audit(desk: Wired) -> TradingState:
    """The desk's trading state once its cycle's audit has run."""
    cycle = making.cycle().model_copy(update={"desk_id": desk.desk_id})
    await AuditActivities(desk.ports.broker, desk.ports.ledger).audit_desk(cycle)
    return (await desk.ports.ledger.breaker(desk.desk_id)).state


async def play(engine: AsyncEngine, data: Path, lanes: range, scripts: int) -> None:
    told = await asyncio.gather(*(lane(engine, data, number, scripts) for number in lanes))
    happened = sum((counted for counted, _ in told), Counter[str]())
    over = sum(times for _, times in told)
    words = ", ".join(f"{times} {step}" for step, times in sorted(happened.items()))
    tell(f"{len(lanes) * scripts} lives of orders: {words}; {over} over-filled in the end, each found")


@pytest.mark.faults
async def test_six_lives_of_orders(engine: AsyncEngine, sample_data: Path) -> None:
    await play(engine, sample_data, range(1), 6)


@pytest.mark.faults
@pytest.mark.timeout(600)
@pytest.mark.parametrize("scripts", [8, pytest.param(SCRIPTS, marks=pytest.mark.soak)])
@pytest.mark.parametrize("first", range(0, LANES, 4))
async def test_a_thousand_lives_of_orders(engine: AsyncEngine, sample_data: Path, first: int, scripts: int) -> None:
    await play(engine, sample_data, range(first, first + 4), scripts)
