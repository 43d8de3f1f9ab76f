"""A desk that bought AAPL the day before an ex-date, at the paper broker or at Alpaca's stand-in, books and all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from activities.orders import OrderActivities
from activities.reconciling import ReconcilingActivities
from adapters.paper_broker import PaperBroker, PaperTerms
from adapters.paper_broker.account import lock
from adapters.postgres.engine import transaction
from adapters.postgres.ledger import PostgresLedger
from tests.adapters.wire.alpaca_orders import adapter
from tests.fakes.broker_server import Brokerage, BrokerServer
from tests.fakes.market import FakeMarket
from tests.making import deposit, intent, request, sending
from tests.rig import CALENDAR
from trading.audit import audit
from trading.capital import capital_changed
from trading.corporate_actions import CorporateAction, effective_at
from trading.differences import Difference
from trading.events import Event, EventType
from trading.limits import Limits
from trading.money import ZERO
from trading.orders import Leg, Order, OrderRequest
from trading.portfolio import Position
from trading.ports import Broker
from trading.reconciling import Comparison, Reconciled, ReconciliationAsked, standing_in_both

EX_ON = (datetime.now(UTC) - timedelta(hours=7)).date()
"""The newest day whose morning has been."""
EX_AT = effective_at(EX_ON)
BEFORE = EX_AT - timedelta(hours=12)
CASH = Decimal("100000.00")
DESK = "paper"
LIMITS = Limits(duplicate_minutes=0)


def listed(kind: str = "split", **told: object) -> CorporateAction:
    """What AAPL does on the ex-date."""
    return CorporateAction.model_validate({"symbol": "AAPL", "kind": kind, "ex_on": EX_ON, **told})


class Desk:
    """Its books, its broker and a market that quotes AAPL at 100 the day before."""

    def __init__(self, engine: AsyncEngine, market: FakeMarket, broker: Broker) -> None:
        self.engine, self.market, self.broker = engine, market, broker
        self.ledger = PostgresLedger(engine)
        self.orders = OrderActivities(broker, self.ledger, market)
        self.reconciling = ReconcilingActivities(broker, self.ledger, market, CALENDAR, LIMITS)
        self._looks = count(1)

    async def open(self) -> None:
        """Open the books, as they were some days ago."""
        at = BEFORE - timedelta(days=2)
        fields = {"desk_id": DESK, "aggregate_id": DESK, "trace_id": "t", "data": {}, "occurred_at": at}
        opened = {"event_id": f"{DESK}/opened", "type": EventType.DESK_OPENED}
        paid = deposit(f"{CASH}", capital_event_id=f"{DESK}/opening-deposit", occurred_at=at)
        await self.ledger.open_desk(Event.model_validate({**fields, **opened}), cash=capital_changed(paid, "t"))

    async def intend(self, quantity: str, number: int = 1, **more: Any) -> OrderRequest:
        """Write an order into the books as it was intended the day before."""
        fields = {"cycle_id": f"{DESK}/cycle-{number}", "as_of": BEFORE, **more}
        asked = request("AAPL", quantity, **fields)
        assert isinstance(await self.ledger.intend(intent(asked, LIMITS, intended_at=BEFORE)), Order)
        return asked

    async def buy(self, quantity: str, number: int = 1, **more: Any) -> OrderRequest:
        """Intend, send and book."""
        asked = await self.intend(quantity, number, **more)
        await self.orders.submit_order(sending(asked))
        return asked

    async def look(self) -> Reconciled:
        """Reconcile as the workflow does: a second look at what is open, then the stops are sent."""
        name = f"{DESK}-look-{next(self._looks)}"
        asked = ReconciliationAsked(desk_id=DESK, reconciliation_id=name, trace_id="t")
        found: Comparison = await self.reconciling.compare(asked)
        if found.open_questions:
            found = standing_in_both(found, await self.reconciling.compare(asked))
        concluded = await self.reconciling.conclude(found)
        for stop in concluded.protection:
            await self.orders.submit_order(sending(stop))
        return concluded

    async def position(self) -> Position | None:
        held = (await self.ledger.portfolio(DESK)).positions
        return next((one for one in held if one.symbol == "AAPL"), None)

    async def equity(self) -> tuple[Decimal, Decimal]:
        """Dollars by the books, and by the broker."""
        return (await self.ledger.portfolio(DESK)).equity, (await self.broker.account(DESK)).equity

    async def stops(self) -> list[tuple[str, str]]:
        """Shares and price of the stops that rest at the broker, and are known to the books as they are."""
        books, told = await self.ledger.books(DESK), await self.broker.orders(DESK)
        ours = {
            o.request.client_order_id: (o.request.quantity, o.request.stop_price) for o in books.orders if o.is_open
        }
        resting = [o for o in told if o.leg is Leg.STOP and o.state in {"accepted", "partially_filled"}]
        assert [ours.get(o.client_order_id) for o in resting] == [(o.quantity, o.stop_price) for o in resting]
        return [(f"{o.quantity.normalize():f}", f"{o.stop_price or ZERO:.2f}") for o in resting]

    async def findings(self) -> Sequence[object]:
        """What the audit finds: the decisions behind the orders, which this desk never took, left aside."""
        held = await self.broker.orders(DESK)
        found = audit(await self.ledger.books(DESK), held)
        return [one for one in found if one.invariant not in {"I1", "I7", "I10", "I13"}]


async def on_paper(engine: AsyncEngine, *, fractionable: bool = False) -> Desk:
    """A desk at the paper broker, with live prices."""
    market = FakeMarket()
    market.quote("AAPL", "100", "100", BEFORE)
    broker = PaperBroker(engine, market, PaperTerms(slippage_bps=ZERO, fractionable=fractionable, opening_cash=CASH))
    opening = {"amount": CASH, "occurred_at": BEFORE - timedelta(days=2)}
    async with transaction(engine) as connection:
        await lock(connection, [DESK], opening)
    desk = Desk(engine, market, broker)
    await desk.open()
    return desk


async def at_alpaca(engine: AsyncEngine, server: BrokerServer) -> Desk:
    """A desk at Alpaca's stand-in, on the day before."""
    server.brokerage.list_asset("AAPL", "100")
    server.brokerage.clock = lambda: BEFORE
    market = FakeMarket()
    market.quote("AAPL", "100", "100", BEFORE)
    desk = Desk(engine, market, adapter(server))
    await desk.open()
    return desk


def ex_date(brokerage: Brokerage) -> None:
    """It is the morning of the ex-date at Alpaca's stand-in."""
    brokerage.clock = lambda: EX_AT + timedelta(minutes=30)


def corrected(found: Reconciled) -> list[str]:
    return [one.case for one in found.differences if one.explained]


def open_questions(found: Reconciled) -> list[Difference]:
    return [one for one in found.differences if not one.explained]
