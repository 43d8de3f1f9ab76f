"""An exit on its way to the broker: whose orders it has cancelled first, and whose stay."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.opening import OpeningActivities
from activities.orders import OrderActivities
from activities.standing_down import StandingDownActivities
from adapters.paper_broker import PaperBroker, PaperTerms
from adapters.postgres.ledger import PostgresLedger
from tests.adapters.postgres.parted import changed, shared
from tests.fakes.market import FakeMarket
from tests.making import AT, DESK, TRACE, intent, request, sending
from trading.desk import DeskOpening, StandDownAsked
from trading.instruments import Side
from trading.limits import Limits
from trading.orders import Leg, Order, OrderRequest, OrderState
from trading.strategy import Rung

LIMITS = Limits(duplicate_minutes=0)


class Floor:
    """A desk that two strategies share, at the paper broker."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.market = FakeMarket()
        self.market.quote("AAPL", "100", "100", AT)
        self.broker = PaperBroker(engine, self.market, PaperTerms(slippage_bps=Decimal(0)))
        self.ledger = PostgresLedger(engine)
        self.orders = OrderActivities(self.broker, self.ledger, self.market)

    async def send(self, by: str, side: Side = Side.BUY, **more: Any) -> Order:
        asked = self.asked(by, side, **more)
        assert isinstance(await self.ledger.intend(intent(asked, LIMITS)), Order)
        return await self.orders.submit_order(sending(asked))

    def asked(self, by: str, side: Side = Side.BUY, **more: Any) -> OrderRequest:
        name = f"{by}-{more.get('symbol', 'AAPL')}-{side}-{more.get('quantity', '10')}"
        return request(side=side, strategy_id=by, **{"client_order_id": name, **more})

    async def open(self) -> set[tuple[str, Leg]]:
        return {(o.request.strategy_id, o.request.leg) for o in (await self.ledger.portfolio(DESK)).open_orders}


@pytest.fixture
async def floor(engine: AsyncEngine) -> Floor:
    floor = Floor(engine)
    await OpeningActivities(floor.broker, floor.ledger).open_desk(DeskOpening(desk_id=DESK, trace_id=TRACE, at=AT))
    await shared(floor.ledger, "momentum")
    return floor


async def both_sides(floor: Floor) -> OrderRequest:
    """Both hold it with a stop, the other one buys more at a limit; the exit of the first is intended."""
    for by in ("agents", "momentum"):
        assert (await floor.send(by, stop="90")).state is OrderState.FILLED
    await floor.send("momentum", quantity="5", kind="limit", limit_price="99", client_order_id="more")
    sale = floor.asked("agents", Side.SELL)
    assert isinstance(await floor.ledger.intend(intent(sale, LIMITS)), Order)
    return sale


@pytest.mark.faults
async def test_an_exit_has_its_own_stop_and_the_entry_against_it_cancelled_and_nothing_else(floor: Floor) -> None:
    sale = await both_sides(floor)
    assert await floor.orders.clear_way(sale) == 0
    assert await floor.orders.clear_way(sale) == 0
    assert await floor.open() == {("momentum", Leg.STOP), ("agents", Leg.EXIT)}
    assert (await floor.orders.submit_order(sending(sale))).state is OrderState.FILLED
    assert (await floor.ledger.portfolio(DESK)).held("AAPL") == 10
    assert (await floor.ledger.footing(DESK, "momentum")).holds(await floor.ledger.portfolio(DESK)) == ("AAPL",)
    assert (await floor.ledger.footing(DESK, "agents")).holds(await floor.ledger.portfolio(DESK)) == ()


@pytest.mark.faults
async def test_no_entry_comes_in_beside_an_exit_that_has_cleared_its_way(floor: Floor) -> None:
    sale = await both_sides(floor)
    await floor.orders.clear_way(sale)
    answer = await floor.ledger.intend(intent(floor.asked("momentum", quantity="7"), LIMITS))
    assert [breach.code for breach in getattr(answer, "breaches", ())] == ["opposed"]


@pytest.mark.faults
async def test_an_entry_that_was_never_sent_does_not_go_out_against_an_exit(floor: Floor) -> None:
    await floor.send("agents")
    late = floor.asked("momentum", quantity="5")
    assert isinstance(await floor.ledger.intend(intent(late, LIMITS)), Order)
    sale = floor.asked("agents", Side.SELL)
    assert isinstance(await floor.ledger.intend(intent(sale, LIMITS)), Order)
    assert await floor.orders.clear_way(sale) == 0
    assert (await floor.orders.submit_order(sending(late))).state is OrderState.EXPIRED


@pytest.mark.faults
async def test_a_person_who_leaves_the_market_takes_every_strategys_shares(floor: Floor) -> None:
    for by in ("agents", "momentum"):
        await floor.send(by, stop="90")
    await floor.send("momentum", quantity="5", kind="limit", limit_price="99", client_order_id="more")
    words = {"desk_id": DESK, "stand_down_id": "out", "trace_id": TRACE, "by": "ann", "reason": "lunch"}
    asked = StandDownAsked.model_validate({**words, "flatten": True, "asked_at": datetime.now(UTC)})
    (leaving,) = await StandingDownActivities(floor.ledger, floor.market, LIMITS).intend_exits(asked)
    assert leaving.quantity == 20
    assert await floor.orders.clear_way(leaving) == 0
    assert await floor.open() == {("operator", Leg.EXIT)}
    assert (await floor.orders.submit_order(sending(leaving))).state is OrderState.FILLED
    portfolio = await floor.ledger.portfolio(DESK)
    for by in ("agents", "momentum"):
        assert (await floor.ledger.footing(DESK, by)).holds(portfolio) == ()


@pytest.mark.faults
async def test_what_goes_on_the_wire_is_held_to_what_the_account_is(engine: AsyncEngine, floor: Floor) -> None:
    """The intent was of a paper desk; the one who sends knows that it is money."""
    asked = floor.asked("momentum")
    assert isinstance(await floor.ledger.intend(intent(asked, LIMITS)), Order)
    with_money = OrderActivities(floor.broker, floor.ledger, floor.market, real_money=True)
    order = await with_money.submit_order(sending(asked))
    assert (order.state, order.reason) == (OrderState.CANCELLED, "strategy momentum: only_thinks")
    assert await floor.broker.orders(DESK) == ()
    await changed(floor.ledger, "momentum", rung=Rung.LIVE)
    promoted = floor.asked("momentum", quantity="4")
    assert isinstance(await floor.ledger.intend(intent(promoted, LIMITS, real_money=True)), Order)
    assert (await with_money.submit_order(sending(promoted))).state is OrderState.FILLED
