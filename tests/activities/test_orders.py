"""Orders between the books and the broker, both real: two tries at once, what an exit leaves, orders never sent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.auditing import AuditActivities
from activities.ledger import LedgerActivities
from activities.opening import OpeningActivities
from activities.orders import OrderActivities
from activities.reconciling import ReconcilingActivities
from activities.standing_down import StandingDownActivities
from adapters.paper_broker import PaperBroker, PaperTerms
from adapters.postgres.ledger import PostgresLedger
from adapters.postgres.snapshots import PostgresSnapshots
from tests.fakes.market import FakeMarket
from tests.making import AT, DESK, TRACE, after, cycle, intent, request, sending
from tests.rig import CALENDAR
from trading import order_events as say
from trading.audit import quantities_close
from trading.cycle_events import cycle_event
from trading.desk import DeskOpening, StandDownAsked
from trading.errors import MarketUnavailable
from trading.events import EventType
from trading.instruments import Side
from trading.limits import Limits
from trading.orders import OPERATOR, Leg, Order, OrderKind, OrderRequest, OrderState
from trading.reconciling import Comparison, ReconciliationAsked
from trading.settlement import BrokerOrder
from trading.steps import Cycle

LEAVING = StandDownAsked(
    desk_id=DESK, stand_down_id="out", flatten=True, reason="out", by="me", trace_id=TRACE, asked_at=AT
)


class BothLookFirst:
    """A broker at which two tries look an order up before either sends it: one that timed out, and its retry."""

    def __init__(self, broker: PaperBroker) -> None:
        self._broker = broker
        self._looked = 0
        self._both = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._broker, name)

    async def find(self, client_order_id: str) -> BrokerOrder | None:
        found = await self._broker.find(client_order_id)
        self._looked += 1
        if self._looked == 2:
            self._both.set()
        await self._both.wait()
        return found


class Floor:
    """A desk's books, its broker and a market whose prices the test sets."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.market = FakeMarket()
        self.market.quote("AAPL", "100", "100", AT)
        self.broker = PaperBroker(engine, self.market, PaperTerms(slippage_bps=Decimal(0)))
        self.ledger = PostgresLedger(engine)
        self.orders = OrderActivities(self.broker, self.ledger, self.market)
        self.reconciling = ReconcilingActivities(self.broker, self.ledger, self.market, CALENDAR, Limits())
        self.books = LedgerActivities(self.ledger, PostgresSnapshots(engine))

    async def intend(self, **more: Any) -> OrderRequest:
        asked = request(**more)
        assert isinstance(await self.ledger.intend(intent(asked, Limits(duplicate_minutes=0))), Order)
        return asked

    async def send(self, **more: Any) -> Order:
        return await self.orders.submit_order(sending(await self.intend(**more)))

    async def reconcile(self, asking: Cycle) -> Comparison:
        asked = ReconciliationAsked(
            desk_id=DESK, reconciliation_id="now", trace_id=TRACE, as_of=AT, cycle_id=asking.cycle_id
        )
        return await self.reconciling.compare(asked)

    async def states(self) -> dict[str, str]:
        books = await self.ledger.books(DESK)
        return {f"{order.request.side} {order.request.leg}": order.state for order in books.orders}

    async def disagreements(self) -> Sequence[object]:
        held = {order.client_order_id: order for order in await self.broker.orders(DESK)}
        return list(quantities_close(await self.ledger.books(DESK), held))


@pytest.fixture
async def floor(engine: AsyncEngine) -> Floor:
    floor = Floor(engine)
    await OpeningActivities(floor.broker, floor.ledger).open_desk(
        DeskOpening(desk_id=DESK, trace_id=TRACE, at=after(-1))
    )
    return floor


async def test_two_tries_of_one_order_at_once_are_one_filled_order(floor: Floor) -> None:
    for number in range(5):
        asked = await floor.intend(client_order_id=f"twice-{number}", quantity="1")
        orders = OrderActivities(BothLookFirst(floor.broker), floor.ledger, floor.market)
        tries = await asyncio.gather(orders.submit_order(sending(asked)), orders.submit_order(sending(asked)))
        assert OrderState.REJECTED not in {order.state for order in tries}
        booked = await floor.ledger.order(asked.client_order_id)
        assert booked is not None
        assert (booked.state, booked.filled_quantity) == (OrderState.FILLED, Decimal(1))
    assert await floor.disagreements() == []


async def test_what_protected_a_position_is_booked_as_cancelled_once_it_is_sold(floor: Floor) -> None:
    await floor.send(stop=Decimal(90), target=Decimal(120))
    assert await floor.states() == {"buy entry": "filled", "sell stop": "accepted", "sell target": "accepted"}
    sale = {"client_order_id": "sale", "side": Side.SELL, "leg": Leg.EXIT, "stop": None, "target": None}
    await floor.send(**sale)
    assert await floor.states() == {
        "buy entry": "filled",
        "sell stop": "cancelled",
        "sell target": "cancelled",
        "sell exit": "filled",
    }
    assert await floor.disagreements() == []


async def test_an_order_that_its_cycle_never_sent_frees_what_it_held(floor: Floor) -> None:
    asked = await floor.intend()
    await floor.reconcile(cycle("AAPL"))
    assert await floor.states() == {"buy entry": "intended"}
    await floor.reconcile(cycle("AAPL", number=2))
    assert await floor.states() == {"buy entry": "expired"}
    assert (await floor.orders.submit_order(sending(asked))).state is OrderState.EXPIRED
    assert await floor.broker.orders(DESK) == ()


async def test_a_fill_between_the_audits_two_readings_is_booked_and_not_found(floor: Floor) -> None:
    asked = await floor.intend()
    await floor.broker.submit(asked)
    assert await floor.disagreements() != []
    found = await AuditActivities(floor.broker, floor.ledger).audit_desk(cycle("AAPL"))
    assert [one for one in found if one.invariant == "I4"] == []
    assert await floor.states() == {"buy entry": "filled"}


async def test_a_cycle_that_said_its_end_is_not_given_another(floor: Floor) -> None:
    ended = cycle("AAPL")
    await floor.ledger.record([cycle_event(ended, EventType.CYCLE_COMPLETED, AT, {"outcome": "traded"})])
    for one in (ended, cycle("AAPL", number=2)):
        await floor.books.end_cycle(cycle_event(one, EventType.CYCLE_FAILED, AT, {"outcome": "failed"}, "desk"))
    ends = [(s.event.aggregate_id, s.event.type) for s in (await floor.ledger.books(DESK)).events][-2:]
    assert ends == [(ended.cycle_id, EventType.CYCLE_COMPLETED), (cycle(number=2).cycle_id, EventType.CYCLE_FAILED)]


async def unsent_stop(floor: Floor) -> OrderRequest:
    """A stop that a reconciliation intended in place of one that is gone, and died before it was sent."""
    entry = (await floor.send(stop=Decimal(90))).request
    await floor.broker.cancel(f"{entry.client_order_id}-stop")
    [stop] = (await floor.reconciling.conclude(await floor.reconcile(cycle("AAPL")))).protection
    return stop


async def test_a_stop_that_was_intended_and_not_sent_is_sent_by_the_next_look(floor: Floor) -> None:
    stop = await unsent_stop(floor)
    again = await floor.reconciling.conclude(await floor.reconcile(cycle("AAPL", number=2)))
    assert again.protection == (stop,)
    await floor.orders.submit_order(sending(stop))
    assert (await floor.reconciling.conclude(await floor.reconcile(cycle("AAPL", number=3)))).protection == ()


async def test_two_looks_that_intend_the_same_stop_at_once_send_one(floor: Floor) -> None:
    entry = (await floor.send(stop=Decimal(90))).request
    await floor.broker.cancel(f"{entry.client_order_id}-stop")
    found = await floor.reconcile(cycle("AAPL"))
    both = await asyncio.gather(*(floor.reconciling.conclude(found) for _ in range(5)))
    assert {stop.client_order_id for one in both for stop in one.protection} == {f"{entry.client_order_id}-stop.2"}


async def test_an_exit_is_not_held_up_by_a_stop_that_never_reached_the_broker(floor: Floor) -> None:
    stop = await unsent_stop(floor)
    sale = await floor.intend(client_order_id="sale", side=Side.SELL, leg=Leg.EXIT, stop=None)
    assert await floor.orders.clear_way(sale) == 0
    assert (await floor.orders.submit_order(sending(stop))).state is OrderState.EXPIRED
    assert (await floor.orders.submit_order(sending(sale))).state is OrderState.FILLED


async def test_an_entry_may_be_looked_at_again_after_its_legs_have_ended(floor: Floor) -> None:
    entry = (await floor.send(stop=Decimal(90), target=Decimal(120))).request
    sale = {"client_order_id": "sale", "side": Side.SELL, "leg": Leg.EXIT, "stop": None, "target": None}
    await floor.send(**sale)
    assert {leg.reason for leg in await floor.broker.legs(entry.client_order_id)} != {None}
    assert (await floor.orders.follow_order(entry)).state is OrderState.FILLED


class Silent(FakeMarket):
    """A market that does not answer."""

    async def quotes(self, symbols: Sequence[str], as_of: datetime) -> Any:
        raise MarketUnavailable(f"no prices of {symbols} at {as_of}")


async def test_what_is_held_is_sold_on_a_persons_word_without_a_price_and_however_often_it_is_tried(
    floor: Floor,
) -> None:
    await floor.send()
    leaving = StandingDownActivities(floor.ledger, Silent(), Limits())
    first = await leaving.intend_exits(LEAVING)
    assert [(one.symbol, one.quantity) for one in first] == [("AAPL", Decimal(10))]
    assert await leaving.intend_exits(LEAVING) == first
    await floor.orders.submit_order(sending(first[0]))
    assert await leaving.intend_exits(LEAVING) == ()


async def test_what_cancels_all_that_rests_leaves_what_closes_on_a_persons_word(floor: Floor) -> None:
    await floor.send(stop=Decimal(90))
    resting = {"kind": OrderKind.LIMIT, "limit_price": Decimal(104), "stop": None}
    closing = {"side": Side.SELL, "leg": Leg.EXIT, "strategy_id": OPERATOR, "quantity": "10"}
    await floor.send(client_order_id="buy-more", **{**resting, "limit_price": Decimal(96)})
    await floor.send(client_order_id="out-AAPL", **resting, **closing)
    assert await floor.orders.cancel_resting(DESK) == 0
    open_orders = (await floor.ledger.portfolio(DESK)).open_orders
    assert [order.request.client_order_id for order in open_orders] == ["out-AAPL"]


async def test_a_flattened_desk_buys_back_what_it_sold_short(engine: AsyncEngine, floor: Floor) -> None:
    floor.broker = PaperBroker(engine, floor.market, PaperTerms(slippage_bps=Decimal(0), allow_short=True))
    floor.orders = OrderActivities(floor.broker, floor.ledger, floor.market)
    short = request(side=Side.SELL, leg=Leg.ENTRY)
    assert isinstance(await floor.ledger.intend(intent(short, Limits(allow_short=True))), Order)
    await floor.orders.submit_order(sending(short))
    assert (await floor.ledger.portfolio(DESK)).held("AAPL") == -10
    (exit_order,) = await StandingDownActivities(floor.ledger, floor.market, Limits()).intend_exits(LEAVING)
    assert (exit_order.side, exit_order.quantity, exit_order.leg) == (Side.BUY, Decimal(10), Leg.EXIT)
    await floor.orders.submit_order(sending(exit_order))
    assert (await floor.ledger.portfolio(DESK)).held("AAPL") == 0


async def test_a_person_is_called_once_for_what_an_exit_of_unknown_fate_holds_back(floor: Floor) -> None:
    await floor.send()
    leaving = StandingDownActivities(floor.ledger, floor.market, Limits())
    (exit_order,) = await leaving.intend_exits(LEAVING)
    await floor.ledger.clear(sending(exit_order), AT)
    unknown = say.order_moved(exit_order, OrderState.UNKNOWN, None, AT)
    await floor.ledger.advance(exit_order.client_order_id, OrderState.UNKNOWN, None, unknown)
    again = LEAVING.model_copy(update={"stand_down_id": "out-2"})
    assert [await leaving.intend_exits(again) for _ in range(2)] == [(), ()]
    (alert,) = [e.event for e in (await floor.ledger.books(DESK)).events if e.event.type is EventType.ALERT_RAISED]
    assert alert.data["reason"] == f"AAPL is not closed: the fate of {exit_order.client_order_id} is unknown"
